import type { Rank } from "@tensorflow/tfjs-core";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { Linear } from "../linear/linear.ts";
import type { Weight } from "../weights/weight.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";
import type { LayerNormWeights } from "./layer-norm.ts";

export interface VisionTowerWeights {
  /** Embedding [hidden] of the class token. */
  readonly classEmbedding: Weight<Rank.R1>;
  /** Maps patches [n, 3 * patch * patch] to embeddings [n, hidden]. */
  readonly patchEmbedding: Linear;
  /** Position embeddings [1 + patches, hidden]. The first row is for the class token. */
  readonly positionEmbedding: Weight<Rank.R2>;
  readonly preNorm: LayerNormWeights;
  readonly layers: readonly VisionLayerWeights[];
}

export type VisionLayerWeights = {
  readonly attentionNorm: LayerNormWeights;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly mlpNorm: LayerNormWeights;
  readonly up: Linear;
  readonly down: Linear;
};

/** Prefix of the tower's tensor names in LLaVA checkpoints. */
export const VISION_PREFIX = "model.vision_tower.vision_tower.vision_model.";

/** Declares the tensors of a CLIP vision transformer by their names in a LLaVA checkpoint. */
export function declareVisionTower(config: VisionConfig, list: WeightDeclarations): VisionTowerWeights {
  const { hiddenSize, patchSize } = config;
  const embeddings = `${VISION_PREFIX}embeddings`;
  const weights: VisionTowerWeights = {
    classEmbedding: list.vector("vision", `${embeddings}.class_embedding`, hiddenSize),
    patchEmbedding: list.kernel("vision", `${embeddings}.patch_embedding`, hiddenSize, 3, patchSize),
    positionEmbedding: list.matrix(
      "vision",
      `${embeddings}.position_embedding.weight`,
      patchesPerImage(config) + 1,
      hiddenSize,
    ),
    // The misspelling is part of the checkpoint format.
    preNorm: declareNorm(`${VISION_PREFIX}pre_layrnorm`, hiddenSize, list),
    layers: Array.from({ length: config.layers }, (_, layer) =>
      declareLayer(config, `${VISION_PREFIX}encoder.layers.${layer}`, list),
    ),
  };
  // Unused, because features come from an earlier layer. Declared so that a saved tower is complete.
  declareNorm(`${VISION_PREFIX}post_layernorm`, hiddenSize, list);
  return weights;
}

function declareLayer(
  { hiddenSize, intermediateSize }: VisionConfig,
  prefix: string,
  list: WeightDeclarations,
): VisionLayerWeights {
  const linear = (name: string, outputs: number, inputs: number): Linear =>
    list.linear("vision", `${prefix}.${name}`, outputs, inputs, { bias: true });
  return {
    attentionNorm: declareNorm(`${prefix}.layer_norm1`, hiddenSize, list),
    query: linear("self_attn.q_proj", hiddenSize, hiddenSize),
    key: linear("self_attn.k_proj", hiddenSize, hiddenSize),
    value: linear("self_attn.v_proj", hiddenSize, hiddenSize),
    output: linear("self_attn.out_proj", hiddenSize, hiddenSize),
    mlpNorm: declareNorm(`${prefix}.layer_norm2`, hiddenSize, list),
    up: linear("mlp.fc1", intermediateSize, hiddenSize),
    down: linear("mlp.fc2", hiddenSize, intermediateSize),
  };
}

function declareNorm(prefix: string, size: number, list: WeightDeclarations): LayerNormWeights {
  return {
    weight: list.vector("vision", `${prefix}.weight`, size),
    bias: list.vector("vision", `${prefix}.bias`, size),
  };
}
