import * as tf from "@tensorflow/tfjs-core";

/** Keys and values of one layer [rows, keyValueHeads, positions, dimension]. Keys are already rotated. */
export interface KeyValue {
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
}

/** The additive mask of a hidden position. It is finite, so that a row without any visible key stays finite. */
export const MASKED = -1e9;

/** Creates a mask [length, length]: 0 at visible positions, {@link MASKED} at later positions. */
export function causalMask(length: number): tf.Tensor2D {
  const mask = new Float32Array(length * length);
  for (let query = 0; query < length; query++) mask.fill(MASKED, query * length + query + 1, (query + 1) * length);
  return tf.tensor2d(mask, [length, length]);
}
