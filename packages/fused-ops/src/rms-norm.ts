import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";

/**
 * Divides the rows of `input` [n, d] by their root mean square (arXiv 1910.07467) and multiplies them by `weight` [d].
 * Fused kernel "RmsNorm": inputs `x`, `weight`; attribute `epsilon`; outputs [n, d] and the inverse root mean squares
 * [n, 1].
 */
export function rmsNorm(input: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([input, weight], (save) => {
    const [fused, fusedInverse] = fusedKernel("RmsNorm", { x: input, weight }, { epsilon }) ?? [];
    const inverse = fusedInverse ?? tf.rsqrt(tf.add(tf.mean(tf.square(input), 1, true), epsilon));
    const value = fused ?? tf.mul(tf.mul(input, inverse), weight);
    save(input, inverse, weight);
    return { value: value as tf.Tensor2D, gradient: rmsNormGradient };
  });
}

function rmsNormGradient(dy: tf.Tensor2D, saved: readonly tf.Tensor[]): tf.Tensor[] {
  const [input, inverse, weight] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
  const [width] = weight.shape;
  const dyInput = tf.mul(dy, input);
  // With n = x * inverse: dx = inverse * (dy * w - n * mean(dy * w * n)). The mean is a matrix product with w as a
  // column.
  const projected = tf.matMul(dyInput, tf.reshape(weight, [width ?? 1, 1]));
  const pull = tf.mul(projected, tf.mul(tf.square(inverse), 1 / (width ?? 1)));
  const dx = tf.mul(tf.sub(tf.mul(dy, weight), tf.mul(input, pull)), inverse);
  // The sum over rows of dy * x * inverse, as a matrix product with the inverses as a row.
  const dWeight = tf.matMul(inverse as tf.Tensor2D, dyInput as tf.Tensor2D, true, false);
  return [dx, tf.reshape(dWeight, weight.shape)];
}
