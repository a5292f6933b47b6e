import { rmsNorm } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import type { Linear } from "../linear/linear.ts";
import type { Layout } from "../memory/layout.ts";
import type { LayerMemory } from "../memory/memory-walk.ts";
import type { WeightPart } from "../weights/parts.ts";
import type { Weight } from "../weights/weight.ts";
import type { KeyValue } from "./attention.ts";
import type { LayerRunner } from "./layer-runner.ts";
import type { RotaryTable } from "./rotary.ts";

/** A language model: embedding, layers of its architecture, a last RMSNorm and an output layer. */
export interface Decoder {
  readonly config: LanguageConfig;
  /** [vocabulary, hidden] */
  readonly embedding: Weight<tf.Rank.R2>;
  readonly layers: readonly DecoderLayer[];
  readonly norm: Weight<tf.Rank.R1>;
  /** To the vocabulary; by the embedding itself when the two are tied. */
  readonly head: Linear;
}

export interface DecoderLayer {
  readonly weights: WeightPart;
  /** Gives [rows * length, hidden], or [n, hidden] of what is wanted. */
  run(input: LayerInput): tf.Tensor2D;
  /** What a training step keeps of it, and what it needs while it runs; `learns` says whether its weights do. */
  memory(layout: Layout, learns: boolean): LayerMemory;
}

/**
 * How a layer's queries look at keys and values: within the sequence while training, at a cache while generating. Layers
 * count from 0.
 */
export type Attend = (query: tf.Tensor4D, keyValue: KeyValue, layer: number) => tf.Tensor4D;

export interface LayerInput {
  /** [rows * length, hidden] */
  readonly hidden: tf.Tensor2D;
  readonly rows: number;
  /** The rotations of the positions in `hidden`: [length, dimension / 2], or [rows, length, dimension / 2]. */
  readonly rotations: RotaryTable;
  attend(query: tf.Tensor4D, keyValue: KeyValue): tf.Tensor4D;
  /** The rows of `hidden` whose result is wanted, [n] (int32). Default: all, in their order. */
  readonly wanted?: tf.Tensor1D | undefined;
}

export interface DecoderInput extends Omit<LayerInput, "attend"> {
  readonly attend: Attend;
  /** Default: runs it, and leaves its tensors to the caller's scope. */
  readonly runLayer?: LayerRunner;
}

/**
 * Runs all layers. Gives [rows * length, hidden], or [n, hidden] of what is wanted, before the last normalisation. Of
 * rows that are not wanted, the last layer computes keys and values alone.
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

/** Logits [n, vocabulary] of rows [n, hidden] that {@link decode} gave. */
export function logits({ norm, head, config }: Decoder, hidden: tf.Tensor2D): tf.Tensor2D {
  return head.apply(rmsNorm(hidden, norm.tensor, config.normEpsilon));
}
