import * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import type { Linear } from "./linear.ts";

/**
 * Creates the linear map x W^T + b with `weight` W [outputs, inputs] and `bias` b [outputs]. A weight with more
 * dimensions is flattened to [outputs, all others].
 */
export function denseLinear(weight: Weight, bias?: Weight<tf.Rank.R1>): Linear {
  const [outputs = 1] = weight.shape;
  const inputs = weight.size / outputs;
  return {
    inputs,
    outputs,
    multiplyAdds: inputs * outputs,
    weights: bias ? [weight, bias] : [weight],
    apply: (input) => {
      const product = weight.multiply(input);
      return bias ? tf.add(product, bias.tensor) : product;
    },
  };
}
