import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/**
 * Returns `input` [n, columns] times the transpose of the matrix [rows, columns] that `matrix` returns: [n, rows]. The
 * matrix gets no gradient, so the input is not kept for it, unlike with `tf.matMul`. The gradient of the input calls
 * `matrix` again, which must then return the same values.
 */
export function constantProduct(input: tf.Tensor2D, matrix: () => tf.Tensor2D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([input], () => ({
    value: tf.matMul(input, matrix(), false, true),
    gradient: (dy) => [tf.matMul(dy, matrix())],
  }));
}
