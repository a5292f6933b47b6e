import type { Weight } from "../weights/weight.ts";

/** Parameters of some weights. */
export interface ParameterCount {
  /** In matrices, which a backend may hold in 16 bits. */
  readonly matrices: number;
  /** In biases and weights of normalisations, always float32. */
  readonly vectors: number;
  /** In the largest parameter. */
  readonly largest: number;
}

export function parameterCount(weights: readonly Weight[]): ParameterCount {
  let [matrices, vectors, largest] = [0, 0, 0];
  for (const { shape, size } of weights) {
    if (shape.length > 1) matrices += size;
    else vectors += size;
    largest = Math.max(largest, size);
  }
  return { matrices, vectors, largest };
}
