import * as tf from "@tensorflow/tfjs-core";
import { IGNORE_INDEX } from "../tokens.ts";
import { selectionBucket } from "./shape-buckets.ts";

/** The positions whose next token is predicted; only these pass through the output layer. */
export interface Selection {
  /** Indices [n] (int32) into the flat array of hidden states. */
  readonly positions: tf.Tensor1D;
  /** Pairs [n, 2] (int32): the index in the selection, and the token that follows. */
  readonly targets: tf.Tensor2D;
  /** Weights [n]: 1 / number of targets, or 0 for padding entries. */
  readonly weights: tf.Tensor1D;
}

export interface Target {
  /** Index in the flat array of rows * length positions. */
  readonly position: number;
  /** The token that follows this position. */
  readonly token: number;
}

/** Returns the positions whose next position has a label. Labels are shifted by one, never across rows. */
export function shiftedTargets(labels: Int32Array, length: number): readonly Target[] {
  const targets: Target[] = [];
  for (let position = 0; position + 1 < labels.length; position++) {
    const token = labels[position + 1] ?? IGNORE_INDEX;
    if (token !== IGNORE_INDEX && (position + 1) % length !== 0) targets.push({ position, token });
  }
  return targets;
}

/**
 * Creates a selection of `targets` out of `positions` positions, padded with entries of weight 0 so that few distinct
 * sizes occur.
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
