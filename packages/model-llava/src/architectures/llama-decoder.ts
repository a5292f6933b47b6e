import { mergeHeads, residual, rmsNorm, rotaryEmbedding, splitHeads, swiglu } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { denseLinear } from "../linear/dense-linear.ts";
import type { Linear } from "../linear/linear.ts";
import type { Decoder, DecoderLayer, LayerInput } from "../network/decoder.ts";
import type { Weight } from "../weights/weight.ts";
import type { WeightDeclarations } from "../weights/weight-list.ts";
import { llamaLayerMemory } from "./llama-layer-memory.ts";

export interface LlamaDecoderOptions {
  /**
   * Whether queries, keys and values have biases, as in some models derived from Llama. Default: the value in `config`.
   */
  readonly attentionBias?: boolean;
}

/** Declares the tensors of transformers' `LlamaForCausalLM`. */
export function llamaDecoder(
  config: LanguageConfig,
  list: WeightDeclarations,
  options: LlamaDecoderOptions = {},
): Decoder {
  const { vocabularySize, hiddenSize } = config;
  const embedding = list.matrix("language", "model.embed_tokens.weight", vocabularySize, hiddenSize);
  return {
    config,
    embedding,
    layers: Array.from({ length: config.layers }, (_, layer) =>
      llamaLayer(config, declareLayer(config, `model.layers.${layer}`, list, options)),
    ),
    norm: list.vector("language", "model.norm.weight", hiddenSize),
    head: config.tiedEmbeddings
      ? denseLinear(embedding)
      : list.linear("language", "lm_head", vocabularySize, hiddenSize),
  };
}

export type LlamaLayerWeights = {
  readonly inputNorm: Weight<tf.Rank.R1>;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly mlpNorm: Weight<tf.Rank.R1>;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
};

function declareLayer(
  config: LanguageConfig,
  prefix: string,
  list: WeightDeclarations,
  { attentionBias: bias = config.attentionBias ?? false }: LlamaDecoderOptions,
): LlamaLayerWeights {
  const { hiddenSize, intermediateSize, attentionBias: outputBias = false, mlpBias = false } = config;
  const queryWidth = config.heads * config.headDimension;
  const keyWidth = config.keyValueHeads * config.headDimension;
  const norm = (name: string): Weight<tf.Rank.R1> => list.vector("language", `${prefix}.${name}.weight`, hiddenSize);
  const linear = (name: string, outputs: number, inputs: number, biased = false): Linear =>
    list.linear("language", `${prefix}.${name}`, outputs, inputs, { bias: biased });
  return {
    inputNorm: norm("input_layernorm"),
    query: linear("self_attn.q_proj", queryWidth, hiddenSize, bias),
    key: linear("self_attn.k_proj", keyWidth, hiddenSize, bias),
    value: linear("self_attn.v_proj", keyWidth, hiddenSize, bias),
    output: linear("self_attn.o_proj", hiddenSize, queryWidth, outputBias),
    mlpNorm: norm("post_attention_layernorm"),
    gate: linear("mlp.gate_proj", intermediateSize, hiddenSize, mlpBias),
    up: linear("mlp.up_proj", intermediateSize, hiddenSize, mlpBias),
    down: linear("mlp.down_proj", hiddenSize, intermediateSize, mlpBias),
  };
}

/** Returns a layer of attention and a SwiGLU MLP, with a norm before each. */
function llamaLayer(config: LanguageConfig, weights: LlamaLayerWeights): DecoderLayer {
  return {
    weights,
    run: (input) => feedForward(config, weights, attendTo(config, weights, input)),
    memory: (layout, use) => llamaLayerMemory(layout, weights, use),
  };
}

function attendTo(
  { heads, keyValueHeads, normEpsilon }: LanguageConfig,
  weights: LlamaLayerWeights,
  { hidden, rows, rotations, attend, wanted }: LayerInput,
): tf.Tensor2D {
  const normal = rmsNorm(hidden, weights.inputNorm.tensor, normEpsilon);
  const headsOf = (linear: Linear, count: number): tf.Tensor4D => splitHeads(linear.apply(normal), rows, count);
  const query = rotaryEmbedding(headsOf(weights.query, heads), rotations.query);
  const key = rotaryEmbedding(headsOf(weights.key, keyValueHeads), rotations.key);
  const value = headsOf(weights.value, keyValueHeads);
  const pick = (all: tf.Tensor2D): tf.Tensor2D => (wanted ? tf.gather(all, wanted) : all);
  const attended = pick(mergeHeads(attend(query, { key, value })));
  return residual(pick(hidden), weights.output.apply(attended));
}

function feedForward({ normEpsilon }: LanguageConfig, weights: LlamaLayerWeights, input: tf.Tensor2D): tf.Tensor2D {
  const normal = rmsNorm(input, weights.mlpNorm.tensor, normEpsilon);
  const activated = swiglu(weights.gate.apply(normal), weights.up.apply(normal));
  return residual(input, weights.down.apply(activated));
}
