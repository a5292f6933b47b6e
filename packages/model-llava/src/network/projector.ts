import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Linear } from "../linear/linear.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";
import { gelu } from "./gelu.ts";

/** LLaVA's `mlp2x_gelu`: two linear maps with an exact GELU between them. */
export type Projector = {
  readonly first: Linear;
  readonly second: Linear;
};

export const PROJECTOR_PREFIX = "model.mm_projector.";

export function declareProjector(visionSize: number, hiddenSize: number, list: WeightDeclarations): Projector {
  const linear = (index: number, outputs: number, inputs: number): Linear =>
    list.linear("projector", `${PROJECTOR_PREFIX}${index}`, outputs, inputs, { bias: true });
  return { first: linear(0, hiddenSize, visionSize), second: linear(2, hiddenSize, hiddenSize) };
}

/** Maps patch features [n, visionHidden] to embeddings [n, hidden] of the language model. */
export function project({ first, second }: Projector, features: Tensor2D): Tensor2D {
  return second.apply(gelu(first.apply(features)));
}
