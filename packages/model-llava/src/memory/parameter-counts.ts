import type { Weight } from "../weights/weight.ts";

/** Numbers of parameters in a list of weights. */
export interface ParameterCount {
  /** Parameters in matrices, which a backend may store in 16 bits. */
  readonly matrices: number;
  /** Parameters in biases and norms, which are always float32. */
  readonly vectors: number;
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
