import { embedding } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { PromptTensors } from "../batch/prompt-tensors.ts";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { keepCache, promptMask } from "./answer-cache.ts";
import { attention, type KeyValue, type MaskedKeyValue } from "./attention.ts";
import { type Attend, decode } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { project } from "./projector.ts";
import { mapRotaryTable, type RotaryTable } from "./rotary.ts";

/** What sequences begin with in common, computed. */
export interface PrefixCache {
  /** Each layer's keys and values, [prefixes, keyValueHeads, length, dimension]. */
  readonly layers: readonly KeyValue[];
  /** Positions of each prefix; the rest is padding. */
  readonly lengths: readonly number[];
}

export interface PromptPassOptions {
  /** Each serves as many rows, which stand side by side. */
  readonly prefix?: PrefixCache;
  /** The flat positions whose hidden state is wanted, [n] (int32). */
  readonly wanted: tf.Tensor1D;
  /** Positions that any sequence may reach. */
  readonly reach: number;
}

/** Hidden states [n, hidden] before the last normalisation, and each layer's keys and values, kept. */
export function runPrompts(
  network: LlavaNetwork,
  prompts: PromptTensors,
  { prefix, wanted, reach }: PromptPassOptions,
): { readonly hidden: tf.Tensor2D; readonly layers: readonly KeyValue[] } {
  const { rows, length } = prompts;
  const layers: KeyValue[] = [];
  const mask = network.constants.mask(length);
  const prefixMask = prefix && prefixMaskOf(prefix, rows);
  const attend: Attend = (query, keyValue, layer) => {
    layers.push(keepCache(keyValue));
    return attention(query, [...prefixPart(prefix, prefixMask, layer), { ...keyValue, mask }]);
  };
  const rotations = rotationsAt(network, prompts.positions, rows, reach);
  const hidden = decode(network.decoder, { hidden: embeddings(network, prompts), rows, rotations, attend, wanted });
  return { hidden, layers };
}

/** Hides the padding of each row's prefix, broadcast to [rows, keyValueHeads, group, length, prefix length]. */
export function prefixMaskOf({ layers, lengths }: PrefixCache, rows: number): tf.Tensor {
  const each = rows / lengths.length;
  const ofRows = Array.from({ length: rows }, (_, row) => lengths[Math.floor(row / each)] ?? 0);
  return promptMask(ofRows, layers[0]?.key.shape[2] ?? 0);
}

/** A layer's part of a prefix, for attention. */
export function prefixPart(
  prefix: PrefixCache | undefined,
  mask: tf.Tensor | undefined,
  layer: number,
): readonly MaskedKeyValue[] {
  const keyValue = prefix?.layers[layer];
  return keyValue ? [{ ...keyValue, ...(mask && { mask }) }] : [];
}

/** Rotations [rows, length, dimension / 2] of `positions` [rows * length]; tables come in few lengths. */
export function rotationsAt(network: LlavaNetwork, positions: tf.Tensor1D, rows: number, reach: number): RotaryTable {
  const table = network.constants.rotations(Math.max(512, powerOfTwo(reach)));
  const length = positions.size / rows;
  return mapRotaryTable(table, (tensor) => tf.reshape(tf.gather(tensor, positions), [rows, length, -1]));
}

function embeddings({ decoder, vision }: LlavaNetwork, { tokenIds, images }: PromptTensors): tf.Tensor2D {
  const text = embedding(decoder.weights.embedding.tensor, tokenIds);
  if (!vision || !images) return text;
  return embedding(tf.concat([text, project(vision.projector, images.features)], 0), images.sources);
}
