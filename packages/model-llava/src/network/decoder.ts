import { rmsNorm, rotaryEmbedding, swiglu } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import type { KeyValue } from "./attention.ts";
import type { DecoderLayerWeights, DecoderWeights } from "./decoder-weights.ts";
import { mergeHeads, splitHeads } from "./heads.ts";
import { linear } from "./linear.ts";
import type { RotaryTable } from "./rotary.ts";

/** A Llama decoder: its sizes and weights. */
export interface Decoder {
  readonly config: LanguageConfig;
  readonly weights: DecoderWeights;
}

/** How a layer's queries look at keys and values: within the sequence while training, at a cache while generating. */
export type Attend = (query: tf.Tensor4D, keyValue: KeyValue, layer: number) => tf.Tensor4D;

export interface DecoderInput {
  /** Embeddings [rows * length, hidden]. */
  readonly hidden: tf.Tensor2D;
  readonly rows: number;
  /** The rotations of the positions in `hidden`: [length, dimension / 2], or [rows, length, dimension / 2]. */
  readonly rotations: RotaryTable;
  readonly attend: Attend;
  /**
   * The rows of `hidden` whose result is wanted, [n] (int32): beyond keys and values the last layer computes nothing
   * else. Default: all, in their order.
   */
  readonly wanted?: tf.Tensor1D;
}

/** Runs all layers. Gives [rows * length, hidden], or [n, hidden] of what is wanted, before the last normalisation. */
export function decode({ config, weights }: Decoder, input: DecoderInput): tf.Tensor2D {
  const last = weights.layers.length - 1;
  return weights.layers.reduce((hidden, layerWeights, layer) => {
    const { wanted, ...all } = input;
    const step = { ...all, hidden, ...(wanted && layer === last && { wanted }) };
    return feedForward(attendLayer(step, layer, layerWeights, config), layerWeights, config.normEpsilon);
  }, input.hidden);
}

/** Logits [n, vocabulary] of rows [n, hidden] that {@link decode} gave. */
export function logits({ config, weights }: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return linear(rmsNorm(hidden, weights.norm, config.normEpsilon), weights.head);
}

function attendLayer(
  { hidden, rows, rotations, attend, wanted }: DecoderInput,
  layer: number,
  weights: DecoderLayerWeights,
  { heads, keyValueHeads, normEpsilon }: LanguageConfig,
): tf.Tensor2D {
  const normal = rmsNorm(hidden, weights.inputNorm, normEpsilon);
  const query = rotaryEmbedding(splitHeads(linear(normal, weights.query), rows, heads), rotations.query);
  const key = rotaryEmbedding(splitHeads(linear(normal, weights.key), rows, keyValueHeads), rotations.key);
  const value = splitHeads(linear(normal, weights.value), rows, keyValueHeads);
  const pick = (all: tf.Tensor2D): tf.Tensor2D => (wanted ? tf.gather(all, wanted) : all);
  return tf.add(pick(hidden), linear(pick(mergeHeads(attend(query, { key, value }, layer))), weights.output));
}

function feedForward(input: tf.Tensor2D, weights: DecoderLayerWeights, epsilon: number): tf.Tensor2D {
  const normal = rmsNorm(input, weights.mlpNorm, epsilon);
  return tf.add(input, linear(swiglu(linear(normal, weights.gate), linear(normal, weights.up)), weights.down));
}
