import * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import type { Linear } from "./linear.ts";

/**
 * A float32 matrix: `input` times the transpose of `weight` [outputs, inputs], PyTorch's layout, plus `bias` [outputs].
 * A weight with more dimensions is reshaped to [outputs, all others].
 */
export function denseLinear(weight: Weight, bias?: Weight<tf.Rank.R1>): Linear {
  const [outputs = 1] = weight.shape;
  const inputs = weight.size / outputs;
  const matrix = (): tf.Tensor2D =>
    weight.shape.length === 2 ? (weight.tensor as tf.Tensor2D) : tf.reshape(weight.tensor, [outputs, inputs]);
  return {
    inputs,
    outputs,
    multiplyAdds: inputs * outputs,
    weights: bias ? [weight, bias] : [weight],
    apply: (input) => {
      const product = tf.matMul<tf.Tensor2D>(input, matrix(), false, true);
      return bias ? tf.add(product, bias.tensor) : product;
    },
  };
}
