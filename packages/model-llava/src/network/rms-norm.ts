import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";

/** Root mean square normalisation of the rows of `input` [n, d], scaled by `weight` [d] (arXiv 1910.07467). */
export function rmsNorm(input: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([input, weight], (save) => {
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(input), 1, true), epsilon));
    const normal = tf.mul(input, inverse);
    save(normal, inverse, weight);
    return {
      value: tf.mul<tf.Tensor2D>(normal, weight),
      gradient: (dy, saved) => {
        const [normal, inverse, weight] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
        const dyNormal = tf.mul(dy, normal);
        const scaled = tf.mul(dy, weight);
        // mean(scaled * normal) over a row, as a product with the weight's column: one pass less.
        const projected = tf.mul(normal, tf.mean(tf.mul(dyNormal, weight), 1, true));
        return [tf.mul(tf.sub(scaled, projected), inverse), tf.sum(dyNormal, 0)];
      },
    };
  });
}
