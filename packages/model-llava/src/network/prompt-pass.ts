import { attentionToParts, embedding } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { PromptTensors } from "../batch/prompt-tensors.ts";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { cachedPart, type MaskedCache, promptMask } from "./answer-cache.ts";
import type { KeyValue } from "./attention.ts";
import { type Attend, decode } from "./decoder.ts";
import { answeringLayer } from "./layer-runner.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { project } from "./projector.ts";
import { mapRotaryTable, type RotaryTable } from "./rotary.ts";

/** The keys and values of prefixes that several sequences share. */
export interface PrefixCache {
  /** Keys and values of each layer [prefixes, keyValueHeads, length, dimension]. */
  readonly layers: readonly KeyValue[];
  /** Number of positions of each prefix. The rest is padding. */
  readonly lengths: readonly number[];
}

export interface PromptPass {
  readonly prompts: PromptTensors;
  /** Shared prefixes. Each prefix serves an equal number of consecutive rows. */
  readonly prefix?: MaskedCache;
  /** Indices [n] of the flat positions whose hidden state is needed, int32. */
  readonly wanted: tf.Tensor1D;
  /** Length of the rotation table, see {@link tableLength}. */
  readonly table: number;
  /** Rotations of the prompts' positions [rows, length, dimension / 2]. Default: looked up in the table. */
  readonly rotations?: RotaryTable;
}

export interface LayerRange {
  /** Index of the first layer, and the index after the last layer. */
  readonly from: number;
  readonly to: number;
}

export interface PromptResult {
  /**
   * Hidden states [rows * length, hidden]. After the last layer, only those of the wanted positions [n, hidden], before
   * the final norm.
   */
  readonly hidden: tf.Tensor2D;
  readonly layers: readonly KeyValue[];
}

/**
 * Computes hidden states, and the keys and values of each layer in a range. `before` are the hidden states [rows *
 * length, hidden] from the previous layer. Default: all layers.
 */
export function runPrompts(
  network: LlavaNetwork,
  {
    prompts,
    prefix,
    wanted,
    table,
    rotations = rotationsAt(network, prompts.positions, prompts.rows, table),
  }: PromptPass,
  { from, to }: LayerRange = { from: 0, to: network.decoder.layers.length },
  before?: tf.Tensor2D,
): PromptResult {
  const { rows, length } = prompts;
  const layers: KeyValue[] = [];
  const mask = network.constants.mask(length);
  const attend: Attend = (query, keyValue, layer) => {
    layers.push(keyValue);
    return attentionToParts(query, [...cachedPart(prefix, from + layer), { ...keyValue, mask, causal: true }]);
  };
  const some = { ...network.decoder, layers: network.decoder.layers.slice(from, to) };
  const isLast = to === network.decoder.layers.length;
  const hidden = decode(some, {
    // A layer disposes of its input.
    hidden: before ? tf.clone(before) : embeddings(network, prompts),
    rows,
    rotations,
    attend,
    runLayer: answeringLayer(layers),
    ...(isLast && { wanted }),
  });
  return { hidden, layers };
}

/**
 * Adds a mask for the padding of prefixes. The mask broadcasts to [rows, keyValueHeads, group, length, prefix length].
 */
export function maskedPrefix({ layers, lengths }: PrefixCache, rows: number): MaskedCache {
  const each = rows / lengths.length;
  const ofRows = Array.from({ length: rows }, (_, row) => lengths[Math.floor(row / each)] ?? 0);
  return { layers, mask: promptMask(ofRows, layers[0]?.key.shape[2] ?? 0) };
}

/**
 * Returns the length of a rotation table for sequences of up to `positions` positions: a power of two, at least 512, so
 * that few distinct lengths occur.
 */
export function tableLength(positions: number): number {
  return Math.max(512, powerOfTwo(positions));
}

/** Looks up the rotations [rows, length, dimension / 2] of `positions` [rows * length] in a table with `table` rows. */
export function rotationsAt(network: LlavaNetwork, positions: tf.Tensor1D, rows: number, table: number): RotaryTable {
  const length = positions.size / rows;
  return mapRotaryTable(network.constants.rotations(table), (tensor) =>
    tf.reshape(tf.gather(tensor, positions), [rows, length, -1]),
  );
}

function embeddings({ decoder, vision }: LlavaNetwork, { tokenIds, images }: PromptTensors): tf.Tensor2D {
  const text = decoder.embedding.rowsAt(tokenIds);
  if (!vision || !images) return text;
  return embedding(tf.concat([text, project(vision.projector, images.features)], 0), images.sources);
}
