import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { WeightDeclarations } from "../weights/parameter-list.ts";
import { gelu } from "./gelu.ts";
import { linear } from "./linear.ts";
import type { LinearWeights } from "./vision-tower-weights.ts";

/** LLaVA's `mlp2x_gelu`: two linear maps with an exact GELU between. */
export interface Projector {
  readonly first: LinearWeights;
  readonly second: LinearWeights;
}

export const PROJECTOR_PREFIX = "model.mm_projector.";

export function declareProjector(visionSize: number, hiddenSize: number, list: WeightDeclarations): Projector {
  const map = (index: number, out: number, input: number): LinearWeights => ({
    weight: list.matrix("projector", `${PROJECTOR_PREFIX}${index}.weight`, out, input),
    bias: list.vector("projector", `${PROJECTOR_PREFIX}${index}.bias`, out),
  });
  return { first: map(0, hiddenSize, visionSize), second: map(2, hiddenSize, hiddenSize) };
}

/** Patch features [n, visionHidden] as embeddings [n, hidden] of the language model. */
export function project({ first, second }: Projector, features: Tensor2D): Tensor2D {
  return linear(gelu(linear(features, first.weight, first.bias)), second.weight, second.bias);
}
