import { mergeHeads, residual, rmsNorm, rotaryEmbedding, splitHeads, swiglu } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Linear } from "../linear/linear.ts";
import type { KeyValue } from "./attention.ts";
import type { DecoderLayerWeights, DecoderWeights } from "./decoder-weights.ts";
import type { LayerRunner } from "./layer-runner.ts";
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
  /** Default: runs it, and leaves its tensors to the caller's scope. */
  readonly runLayer?: LayerRunner;
}

/** Runs all layers. Gives [rows * length, hidden], or [n, hidden] of what is wanted, before the last normalisation. */
export function decode(decoder: Decoder, input: DecoderInput): tf.Tensor2D {
  const { wanted, runLayer, ...all } = input;
  const { layers } = decoder.weights;
  return layers.reduce((hidden, weights, layer) => {
    const wantedHere = wanted && layer === layers.length - 1 && { wanted };
    const run = (given: tf.Tensor2D): tf.Tensor2D =>
      feedForward(decoder, weights, attendLayer(decoder, weights, { ...all, hidden: given, ...wantedHere }, layer));
    return runLayer ? runLayer(run, hidden, weights) : run(hidden);
  }, input.hidden);
}

/** Logits [n, vocabulary] of rows [n, hidden] that {@link decode} gave. */
export function logits(decoder: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  const { norm, head } = decoder.weights;
  return head.apply(rmsNorm(hidden, norm.tensor, decoder.config.normEpsilon));
}

function attendLayer(
  decoder: Decoder,
  weights: DecoderLayerWeights,
  { hidden, rows, rotations, attend, wanted }: DecoderInput,
  layer: number,
): tf.Tensor2D {
  const { heads, keyValueHeads, normEpsilon } = decoder.config;
  const normal = rmsNorm(hidden, weights.inputNorm.tensor, normEpsilon);
  const headsOf = (linear: Linear, count: number): tf.Tensor4D => splitHeads(linear.apply(normal), rows, count);
  const query = rotaryEmbedding(headsOf(weights.query, heads), rotations.query);
  const key = rotaryEmbedding(headsOf(weights.key, keyValueHeads), rotations.key);
  const value = headsOf(weights.value, keyValueHeads);
  const pick = (all: tf.Tensor2D): tf.Tensor2D => (wanted ? tf.gather(all, wanted) : all);
  const attended = pick(mergeHeads(attend(query, { key, value }, layer)));
  return residual(pick(hidden), weights.output.apply(attended));
}

function feedForward(decoder: Decoder, weights: DecoderLayerWeights, input: tf.Tensor2D): tf.Tensor2D {
  const normal = rmsNorm(input, weights.mlpNorm.tensor, decoder.config.normEpsilon);
  const activated = swiglu(weights.gate.apply(normal), weights.up.apply(normal));
  return residual(input, weights.down.apply(activated));
}
