import * as tf from "@tensorflow/tfjs-core";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { disposeCache, promptMask } from "./answer-cache.ts";
import type { KeyValue, MaskedKeyValue } from "./attention.ts";
import type { PrefixCache } from "./prompt-pass.ts";

/** What the rows of a batch have read and answered so far. */
export interface RowState {
  /** Which of the caller's rows each row is; undefined where there is nothing more to do. */
  readonly rows: readonly (number | undefined)[];
  /** Positions of each row's prompt. */
  readonly promptLengths: readonly number[];
  /** The prompts' beginnings; their keys and values are the caller's while `ownsPrefix` is false. */
  readonly prefix?: PrefixCache;
  readonly ownsPrefix: boolean;
  /** Hides the padding of prefixes. */
  readonly prefixMask?: tf.Tensor;
  /** The rest of the prompts, [rows, keyValueHeads, length, dimension], with one mask for all layers. */
  readonly prompt: readonly MaskedKeyValue[];
  /** [rows, keyValueHeads, capacity, dimension]; steps to come are zero. */
  readonly answer: readonly KeyValue[];
}

export function disposeRowState({ prefix, ownsPrefix, prefixMask, prompt, answer }: RowState): void {
  if (prefix && ownsPrefix) disposeCache(prefix.layers);
  prefixMask?.dispose();
  prompt[0]?.mask?.dispose();
  disposeCache(prompt);
  disposeCache(answer);
}

/** The state in which nothing is done for other rows than those at `places`; they are still computed. */
export function onlyRows(state: RowState, places: readonly number[]): RowState {
  const wanted = new Set(places);
  return { ...state, rows: state.rows.map((row, place) => (wanted.has(place) ? row : undefined)) };
}

/** Whether to go on with the rows that are left alone: new shapes compile new graphs, which some steps must repay. */
export function worthFewerRows({ rows }: RowState, left: number, steps: number): boolean {
  return rows.length >= 8 && left <= rows.length / 2 && steps >= 8;
}

/** The state of the rows at `places` alone, and of some padding; the given state is disposed. */
export function fewerRows(state: RowState, places: readonly number[]): RowState {
  const size = powerOfTwo(places.length);
  const kept = Array.from({ length: size }, (_, row) => places[row] ?? places[0] ?? 0);
  const { prefix, ownsPrefix, prompt } = state;
  const masks = (mask: tf.Tensor): tf.Tensor => tf.tidy(() => tf.gather(mask, tf.tensor1d(kept, "int32")));
  const each = prefix ? state.rows.length / prefix.lengths.length : 1;
  const prefixRows = kept.map((row) => Math.floor(row / each));
  const oneForAll = prefix?.lengths.length === 1;
  const fewer: RowState = {
    rows: kept.map((row, index) => (index < places.length ? state.rows[row] : undefined)),
    promptLengths: kept.map((row) => state.promptLengths[row] ?? 1),
    ...(prefix && {
      prefix: oneForAll
        ? prefix
        : { layers: gatherRows(prefix.layers, prefixRows), lengths: prefixRows.map((row) => prefix.lengths[row] ?? 0) },
    }),
    ownsPrefix: prefix !== undefined && (ownsPrefix || !oneForAll),
    ...(state.prefixMask && { prefixMask: masks(state.prefixMask) }),
    prompt: withMask(gatherRows(prompt, kept), prompt[0]?.mask && masks(prompt[0].mask)),
    answer: gatherRows(state.answer, kept),
  };
  disposeRowState({ ...state, ownsPrefix: ownsPrefix && !oneForAll });
  return fewer;
}

/** One mask for every layer. */
export function withMask(layers: readonly KeyValue[], mask: tf.Tensor | undefined): readonly MaskedKeyValue[] {
  return layers.map((keyValue) => ({ ...keyValue, ...(mask && { mask }) }));
}

/** Hides what lies behind each row's own part of its prompt. */
export function ownMask(lengths: readonly number[], rows: number, length: number): tf.Tensor {
  return promptMask(
    Array.from({ length: rows }, (_, row) => lengths[row] ?? 1),
    length,
  );
}

function gatherRows(layers: readonly KeyValue[], rows: readonly number[]): readonly KeyValue[] {
  return tf.tidy(() => {
    const indices = tf.tensor1d([...rows], "int32");
    return layers.map(({ key, value }) => ({
      key: tf.keep(tf.gather(key, indices)),
      value: tf.keep(tf.gather(value, indices)),
    }));
  });
}
