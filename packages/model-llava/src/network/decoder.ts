import { rmsNorm } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Linear } from "../linear/linear.ts";
import type { Layout } from "../memory/layout.ts";
import type { LayerMemory } from "../memory/memory-walk.ts";
import type { WeightsInTraining } from "../memory/weights-in-training.ts";
import type { WeightPart } from "../weights/parts.ts";
import type { Weight } from "../weights/weight.ts";
import type { KeyValue } from "./attention.ts";
import type { LayerRunner } from "./layer-runner.ts";
import type { RotaryTable } from "./rotary.ts";

/** A language model: an embedding, decoder layers, a final RMSNorm and an output layer. */
export interface Decoder {
  readonly config: LanguageConfig;
  /** Embedding [vocabulary, hidden]. */
  readonly embedding: Weight<tf.Rank.R2>;
  readonly layers: readonly DecoderLayer[];
  readonly norm: Weight<tf.Rank.R1>;
  /** The output layer, from hidden states to the vocabulary. It uses the embedding if the two are tied. */
  readonly head: Linear;
}

export interface DecoderLayer {
  readonly weights: WeightPart;
  /** Returns hidden states [rows * length, hidden], or [n, hidden] with `wanted`. */
  run(input: LayerInput): tf.Tensor2D;
  /** Returns the memory that the layer needs in a training step. */
  memory(layout: Layout, use: WeightsInTraining): LayerMemory;
}

/**
 * Computes the attention of a layer's queries. In training the keys are those of the sequence; in generation they
 * include a cache. Layers count from 0.
 */
export type Attend = (query: tf.Tensor4D, keyValue: KeyValue, layer: number) => tf.Tensor4D;

export interface LayerInput {
  /** Hidden states [rows * length, hidden]. */
  readonly hidden: tf.Tensor2D;
  readonly rows: number;
  /** Rotations of the positions in `hidden`: [length, dimension / 2], or [rows, length, dimension / 2]. */
  readonly rotations: RotaryTable;
  attend(query: tf.Tensor4D, keyValue: KeyValue): tf.Tensor4D;
  /** Indices [n] of the rows of `hidden` whose result is needed, int32. Default: all rows in order. */
  readonly wanted?: tf.Tensor1D | undefined;
}

export interface DecoderInput extends Omit<LayerInput, "attend"> {
  readonly attend: Attend;
  /** Runs each layer. Default: calls the layer and leaves its tensors to the caller's scope. */
  readonly runLayer?: LayerRunner;
}

/**
 * Runs all layers. Returns hidden states [rows * length, hidden], or [n, hidden] with `wanted`, before the final norm.
 * For other rows, the last layer computes only keys and values.
 */
export function decode({ layers }: Decoder, { wanted, runLayer, attend, ...all }: DecoderInput): tf.Tensor2D {
  return layers.reduce((hidden, layer, index) => {
    const run = (given: tf.Tensor2D): tf.Tensor2D =>
      layer.run({
        ...all,
        hidden: given,
        attend: (query, keyValue) => attend(query, keyValue, index),
        wanted: index === layers.length - 1 ? wanted : undefined,
      });
    return runLayer ? runLayer(run, hidden, layer.weights) : run(hidden);
  }, all.hidden);
}

/** Returns the logits [n, vocabulary] of hidden states [n, hidden] before the final norm. */
export function logits({ norm, head, config }: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return head.apply(rmsNorm(hidden, norm.tensor, config.normEpsilon));
}
