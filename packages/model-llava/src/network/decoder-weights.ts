import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import type { WeightDeclarations } from "../weights/parameter-list.ts";

/** A Llama decoder's weights; matrices are [out, in]. */
export interface DecoderWeights {
  /** [vocabulary, hidden] */
  readonly embedding: Tensor2D;
  readonly layers: readonly DecoderLayerWeights[];
  readonly norm: Tensor1D;
  /** [vocabulary, hidden]; the embedding itself when the two are tied. */
  readonly head: Tensor2D;
}

export interface DecoderLayerWeights {
  readonly inputNorm: Tensor1D;
  readonly query: Tensor2D;
  readonly key: Tensor2D;
  readonly value: Tensor2D;
  readonly output: Tensor2D;
  readonly mlpNorm: Tensor1D;
  readonly gate: Tensor2D;
  readonly up: Tensor2D;
  readonly down: Tensor2D;
}

/** Declares the tensors of `LlamaForCausalLM` under their names there. */
export function declareDecoder(config: LanguageConfig, list: WeightDeclarations): DecoderWeights {
  const { vocabularySize, hiddenSize } = config;
  const embedding = list.matrix("language", "model.embed_tokens.weight", vocabularySize, hiddenSize);
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, layer) => declareLayer(config, `model.layers.${layer}`, list)),
    norm: list.vector("language", "model.norm.weight", hiddenSize),
    head: config.tiedEmbeddings ? embedding : list.matrix("language", "lm_head.weight", vocabularySize, hiddenSize),
  };
}

function declareLayer(config: LanguageConfig, prefix: string, list: WeightDeclarations): DecoderLayerWeights {
  const { hiddenSize, intermediateSize } = config;
  const queryWidth = config.heads * config.headDimension;
  const keyWidth = config.keyValueHeads * config.headDimension;
  const vector = (name: string): Tensor1D => list.vector("language", `${prefix}.${name}.weight`, hiddenSize);
  const matrix = (name: string, out: number, input: number): Tensor2D =>
    list.matrix("language", `${prefix}.${name}.weight`, out, input);
  return {
    inputNorm: vector("input_layernorm"),
    query: matrix("self_attn.q_proj", queryWidth, hiddenSize),
    key: matrix("self_attn.k_proj", keyWidth, hiddenSize),
    value: matrix("self_attn.v_proj", keyWidth, hiddenSize),
    output: matrix("self_attn.o_proj", hiddenSize, queryWidth),
    mlpNorm: vector("post_attention_layernorm"),
    gate: matrix("mlp.gate_proj", intermediateSize, hiddenSize),
    up: matrix("mlp.up_proj", intermediateSize, hiddenSize),
    down: matrix("mlp.down_proj", hiddenSize, intermediateSize),
  };
}
