import * as tf from "@tensorflow/tfjs-core";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { disposeCache, type MaskedCache, promptMask } from "./answer-cache.ts";
import type { KeyValue } from "./attention.ts";

/** The state of a batch of answers. */
export interface RowState {
  /** The caller's index of each row; undefined for a finished row or padding. */
  readonly rows: readonly (number | undefined)[];
  /** Number of positions of each row's prompt. */
  readonly promptLengths: readonly number[];
  /**
   * Shared prefixes of the prompts. If `ownsPrefix` is false, the caller owns the keys and values, but not the mask.
   */
  readonly prefix?: MaskedCache;
  readonly ownsPrefix: boolean;
  /** Keys and values of the prompts after their prefixes [rows, keyValueHeads, length, dimension]. */
  readonly prompt: MaskedCache;
  /** Keys and values of the answers [rows, keyValueHeads, capacity, dimension]; zero for later steps. */
  readonly answer: readonly KeyValue[];
}

export function disposeRowState({ prefix, ownsPrefix, prompt, answer }: RowState): void {
  if (prefix && ownsPrefix) disposeCache(prefix.layers);
  prefix?.mask.dispose();
  prompt.mask.dispose();
  disposeCache(prompt.layers);
  disposeCache(answer);
}

/** Marks all rows except those at `places` as finished. The finished rows are still computed. */
export function onlyRows(state: RowState, places: readonly number[]): RowState {
  const wanted = new Set(places);
  return { ...state, rows: state.rows.map((row, place) => (wanted.has(place) ? row : undefined)) };
}

/**
 * Returns whether to continue with a smaller batch of only the unfinished rows. The new shapes need new graphs, so this
 * saves time only over several steps.
 */
export function worthFewerRows({ rows }: RowState, left: number, steps: number): boolean {
  return rows.length >= 8 && left <= rows.length / 2 && steps >= 8;
}

/** Returns a state with the rows at `places` and padding. Disposes of the given state. */
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

/** Creates a mask for the positions after each row's part of its prompt. */
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
