import * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";

export type LayerNormWeights = {
  readonly weight: Weight<tf.Rank.R1>;
  readonly bias: Weight<tf.Rank.R1>;
};

/** Layer normalization of the rows of `input` [n, d]. */
export function layerNorm(input: tf.Tensor2D, { weight, bias }: LayerNormWeights, epsilon: number): tf.Tensor2D {
  const centered = tf.sub(input, tf.mean(input, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), epsilon));
  return tf.add(tf.mul(tf.mul(centered, inverse), weight.tensor), bias.tensor);
}
