import { type FrozenMatrix, matMulFrozen } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import type { Linear } from "./linear.ts";

/**
 * Creates a linear map from a 16-bit or quantized matrix [outputs, inputs] and `bias` [outputs]. The matrix is not
 * trained; gradients flow to the input.
 */
export function frozenLinear(matrix: FrozenMatrix, bias?: Weight<tf.Rank.R1>): Linear {
  const { rows: outputs, columns: inputs } = matrix;
  return {
    inputs,
    outputs,
    multiplyAdds: inputs * outputs,
    weights: bias ? [bias] : [],
    apply: (input) => {
      const product = matMulFrozen(input, matrix);
      return bias ? tf.add(product, bias.tensor) : product;
    },
  };
}
