import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/** Reshapes [rows * length, heads * dimension] to [rows, heads, length, dimension]. Saves nothing for the gradient. */
export function splitHeads(input: tf.Tensor2D, rows: number, heads: number): tf.Tensor4D {
  const [positions, width] = input.shape;
  return withGradient<tf.Tensor4D>([input], () => ({
    value: tf.transpose(tf.reshape(input, [rows, positions / rows, heads, width / heads]), [0, 2, 1, 3]),
    gradient: (dy) => [mergeHeads(dy)],
  }));
}

/** Reshapes [rows, heads, length, dimension] to [rows * length, heads * dimension]. Saves nothing for the gradient. */
export function mergeHeads(input: tf.Tensor4D): tf.Tensor2D {
  const [rows, heads, length, dimension] = input.shape;
  return tf.reshape(tf.transpose(input, [0, 2, 1, 3]), [rows * length, heads * dimension]);
}
