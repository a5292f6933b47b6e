import * as tf from "@tensorflow/tfjs-core";

/** `input` [n, in] times the transpose of `weight` [out, in], PyTorch's layout, plus `bias` [out]. */
export function linear(input: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const product = tf.matMul<tf.Tensor2D>(input, weight, false, true);
  return bias ? tf.add(product, bias) : product;
}
