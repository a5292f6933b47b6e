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
}

/** Runs all layers. Gives [rows * length, hidden], before the last normalisation. */
export function decode({ config, weights }: Decoder, { hidden, rows, rotations, attend }: DecoderInput): tf.Tensor2D {
  return weights.layers.reduce((input, layerWeights, layer) => {
    const attended = attendLayer(input, layerWeights, config, rows, rotations, (query, keyValue) =>
      attend(query, keyValue, layer),
    );
    return feedForward(attended, layerWeights, config.normEpsilon);
  }, hidden);
}

/** Logits [n, vocabulary] of rows [n, hidden] that {@link decode} gave. */
export function logits({ config, weights }: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return linear(rmsNorm(hidden, weights.norm, config.normEpsilon), weights.head);
}

function attendLayer(
  input: tf.Tensor2D,
  weights: DecoderLayerWeights,
  { heads, keyValueHeads, normEpsilon }: LanguageConfig,
  rows: number,
  rotations: RotaryTable,
  attend: (query: tf.Tensor4D, keyValue: KeyValue) => tf.Tensor4D,
): tf.Tensor2D {
  const normal = rmsNorm(input, weights.inputNorm, normEpsilon);
  const query = rotaryEmbedding(splitHeads(linear(normal, weights.query), rows, heads), rotations.query);
  const key = rotaryEmbedding(splitHeads(linear(normal, weights.key), rows, keyValueHeads), rotations.key);
  const value = splitHeads(linear(normal, weights.value), rows, keyValueHeads);
  return tf.add(input, linear(mergeHeads(attend(query, { key, value })), weights.output));
}

function feedForward(input: tf.Tensor2D, weights: DecoderLayerWeights, epsilon: number): tf.Tensor2D {
  const normal = rmsNorm(input, weights.mlpNorm, epsilon);
  return tf.add(input, linear(swiglu(linear(normal, weights.gate), linear(normal, weights.up)), weights.down));
}
