/** A low-rank update: `scale` * `up` [outputs, rank] * `down` [rank, inputs], row-major. */
export interface Factors {
  readonly down: Float32Array;
  readonly up: Float32Array;
  readonly rank: number;
  readonly scale: number;
}

/** Adds a low-rank update to `values` [outputs, inputs], in place. */
export function merged(values: Float32Array, { down, up, rank, scale }: Factors): Float32Array {
  const inputs = down.length / rank;
  const row = new Float64Array(inputs);
  for (let output = 0; output * inputs < values.length; output++) {
    row.fill(0);
    for (let place = 0; place < rank; place++) {
      const factor = up[output * rank + place] ?? 0;
      for (let input = 0; input < inputs; input++)
        row[input] = (row[input] ?? 0) + factor * (down[place * inputs + input] ?? 0);
    }
    for (let input = 0; input < inputs; input++) {
      const index = output * inputs + input;
      values[index] = (values[index] ?? 0) + (row[input] ?? 0) * scale;
    }
  }
  return values;
}
