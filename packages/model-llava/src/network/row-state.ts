import * as tf from "@tensorflow/tfjs-core";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { disposeCache, type MaskedCache, promptMask } from "./answer-cache.ts";
import type { KeyValue } from "./attention.ts";

/** What the rows of a batch have read and answered so far. */
export interface RowState {
  /** Which of the caller's rows each row is; undefined where there is nothing more to do. */
  readonly rows: readonly (number | undefined)[];
  /** Positions of each row's prompt. */
  readonly promptLengths: readonly number[];
  /** The prompts' beginnings; their keys and values, not the mask, are the caller's while `ownsPrefix` is false. */
  readonly prefix?: MaskedCache;
  readonly ownsPrefix: boolean;
  /** The rest of the prompts, [rows, keyValueHeads, length, dimension]. */
  readonly prompt: MaskedCache;
  /** [rows, keyValueHeads, capacity, dimension]; steps to come are zero. */
  readonly answer: readonly KeyValue[];
}

export function disposeRowState({ prefix, ownsPrefix, prompt, answer }: RowState): void {
  if (prefix && ownsPrefix) disposeCache(prefix.layers);
  prefix?.mask.dispose();
  prompt.mask.dispose();
  disposeCache(prompt.layers);
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
  const prefixes = prefix?.layers[0]?.key.shape[0] ?? 1;
  const each = state.rows.length / prefixes;
  const oneForAll = prefixes === 1;
  const fewer: RowState = {
    rows: kept.map((row, index) => (index < places.length ? state.rows[row] : undefined)),
    promptLengths: kept.map((row) => state.promptLengths[row] ?? 1),
    ...(prefix && {
      prefix: {
        layers: oneForAll
          ? prefix.layers
          : gatherRows(
              prefix.layers,
              kept.map((row) => Math.floor(row / each)),
            ),
        mask: gatherMask(prefix.mask, kept),
      },
    }),
    ownsPrefix: prefix !== undefined && (ownsPrefix || !oneForAll),
    prompt: { layers: gatherRows(prompt.layers, kept), mask: gatherMask(prompt.mask, kept) },
    answer: gatherRows(state.answer, kept),
  };
  disposeRowState({ ...state, ownsPrefix: ownsPrefix && !oneForAll });
  return fewer;
}

/** Hides what lies behind each row's own part of its prompt. */
export function ownMask(lengths: readonly number[], rows: number, length: number): tf.Tensor {
  return promptMask(
    Array.from({ length: rows }, (_, row) => lengths[row] ?? 1),
    length,
  );
}

function gatherMask(mask: tf.Tensor, rows: readonly number[]): tf.Tensor {
  return tf.tidy(() => tf.gather(mask, tf.tensor1d([...rows], "int32")));
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
