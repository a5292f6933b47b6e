import * as tf from "@tensorflow/tfjs-core";
import { IGNORE_INDEX } from "../tokens.ts";
import { selectionBucket } from "./shape-buckets.ts";

/** The positions that predict a token. Only their hidden states pass through the output layer. */
export interface Selection {
  /** Indices [n] into the flat array of hidden states, int32. */
  readonly positions: tf.Tensor1D;
  /** Pairs [n, 2] of an index in the selection and the next token, int32. */
  readonly targets: tf.Tensor2D;
  /** Weights [n]: 1 / number of targets; 0 for padding entries. */
  readonly weights: tf.Tensor1D;
}

export interface Target {
  /** Index in the flat array of rows * length positions. */
  readonly position: number;
  /** The token at the next position. */
  readonly token: number;
}

/** Returns the positions immediately before a labeled position in the same row. */
export function shiftedTargets(labels: Int32Array, length: number): readonly Target[] {
  const targets: Target[] = [];
  for (let position = 0; position + 1 < labels.length; position++) {
    const token = labels[position + 1] ?? IGNORE_INDEX;
    if (token !== IGNORE_INDEX && (position + 1) % length !== 0) targets.push({ position, token });
  }
  return targets;
}

/**
 * Creates a selection of `targets`, padded with entries of weight 0 so that few distinct sizes occur. `positions` is
 * the number of positions in the batch.
 */
export function selection(targets: readonly Target[], positions: number): Selection {
  const size = selectionBucket(targets.length, positions);
  const indices = new Int32Array(size);
  const pairs = Int32Array.from({ length: size * 2 }, (_, index) => (index % 2 === 0 ? index / 2 : 0));
  const weights = new Float32Array(size).fill(1 / targets.length, 0, targets.length);
  for (const [index, { position, token }] of targets.entries()) {
    indices[index] = position;
    pairs[index * 2 + 1] = token;
  }
  return {
    positions: tf.tensor1d(indices, "int32"),
    targets: tf.tensor2d(pairs, [size, 2], "int32"),
    weights: tf.tensor1d(weights),
  };
}

export function disposeSelection({ positions, targets, weights }: Selection): void {
  tf.dispose([positions, targets, weights]);
}
