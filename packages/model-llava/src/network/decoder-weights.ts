import type { Rank } from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { denseLinear } from "../linear/dense-linear.ts";
import type { Linear } from "../linear/linear.ts";
import type { Weight } from "../weights/weight.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";

/** A Llama decoder's weights. */
export interface DecoderWeights {
  /** [vocabulary, hidden] */
  readonly embedding: Weight<Rank.R2>;
  readonly layers: readonly DecoderLayerWeights[];
  readonly norm: Weight<Rank.R1>;
  /** To the vocabulary; by the embedding itself when the two are tied. */
  readonly head: Linear;
}

export type DecoderLayerWeights = {
  readonly inputNorm: Weight<Rank.R1>;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly mlpNorm: Weight<Rank.R1>;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
};

/** Declares the tensors of `LlamaForCausalLM` under their names there. */
export function declareDecoder(config: LanguageConfig, list: WeightDeclarations): DecoderWeights {
  const { vocabularySize, hiddenSize } = config;
  const embedding = list.matrix("language", "model.embed_tokens.weight", vocabularySize, hiddenSize);
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, layer) => declareLayer(config, `model.layers.${layer}`, list)),
    norm: list.vector("language", "model.norm.weight", hiddenSize),
    head: config.tiedEmbeddings
      ? denseLinear(embedding)
      : list.linear("language", "lm_head", vocabularySize, hiddenSize),
  };
}

function declareLayer(config: LanguageConfig, prefix: string, list: WeightDeclarations): DecoderLayerWeights {
  const { hiddenSize, intermediateSize } = config;
  const queryWidth = config.heads * config.headDimension;
  const keyWidth = config.keyValueHeads * config.headDimension;
  const norm = (name: string): Weight<Rank.R1> => list.vector("language", `${prefix}.${name}.weight`, hiddenSize);
  const linear = (name: string, outputs: number, inputs: number): Linear =>
    list.linear("language", `${prefix}.${name}`, outputs, inputs);
  return {
    inputNorm: norm("input_layernorm"),
    query: linear("self_attn.q_proj", queryWidth, hiddenSize),
    key: linear("self_attn.k_proj", keyWidth, hiddenSize),
    value: linear("self_attn.v_proj", keyWidth, hiddenSize),
    output: linear("self_attn.o_proj", hiddenSize, queryWidth),
    mlpNorm: norm("post_attention_layernorm"),
    gate: linear("mlp.gate_proj", intermediateSize, hiddenSize),
    up: linear("mlp.up_proj", intermediateSize, hiddenSize),
    down: linear("mlp.down_proj", hiddenSize, intermediateSize),
  };
}
