import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/**
 * Returns `input` [n, columns] times the transpose of the matrix that `matrix` returns, [rows, columns]: [n, rows]. No
 * gradient reaches the matrix, so the input is not kept for it, as `tf.matMul` would. `matrix` is called again for the
 * gradient of the input, and must return the same values.
 */
export function constantProduct(input: tf.Tensor2D, matrix: () => tf.Tensor2D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([input], () => ({
    value: tf.matMul(input, matrix(), false, true),
    gradient: (dy) => [tf.matMul(dy, matrix())],
  }));
}
