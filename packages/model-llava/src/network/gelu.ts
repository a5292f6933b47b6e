import * as tf from "@tensorflow/tfjs-core";

/** The exact Gaussian error linear unit, x * Phi(x) (arXiv 1606.08415). */
export function gelu(input: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(input, 0.5), tf.add(tf.erf(tf.mul(input, Math.SQRT1_2)), 1));
}

/** CLIP's approximation x * sigmoid(1.702 x) of the GELU. */
export function quickGelu(input: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(input, tf.sigmoid(tf.mul(input, 1.702)));
}
