import * as tf from "@tensorflow/tfjs-core";
import type { Chunk } from "./attention-blocks.ts";
import { type Range, sizeOf } from "./ranges.ts";

/** Returns a view of a mask with five dimensions, the first of which may be 1. */
export function fiveDimensional(mask: tf.Tensor): tf.Tensor {
  return tf.reshape(mask, [...Array.from({ length: 5 - mask.rank }, () => 1), ...mask.shape]);
}

/** Slices some axes. An axis of length 1 stays, because it is broadcast. */
export function sliced(tensor: tf.Tensor, ranges: Readonly<Record<number, Range>>): tf.Tensor {
  const { shape } = tensor;
  const wanted = shape.map((length, axis) => (length === 1 ? undefined : ranges[axis]) ?? { start: 0, end: length });
  if (wanted.every((range, axis) => sizeOf(range) === shape[axis])) return tensor;
  return tf.slice(
    tensor,
    wanted.map(({ start }) => start),
    wanted.map(sizeOf),
  );
}

/** Concatenates the tensors of all chunks: first heads, then rows. */
export function joined(parts: readonly tf.Tensor[], chunks: readonly Chunk[]): tf.Tensor {
  const byRows = new Map<number, tf.Tensor[]>();
  chunks.forEach(({ rows }, index) => {
    const tensor = parts[index];
    if (tensor) byRows.set(rows.start, [...(byRows.get(rows.start) ?? []), tensor]);
  });
  return tf.tidy(() =>
    concatenated(
      [...byRows.values()].map((heads) => concatenated(heads, 1)),
      0,
    ),
  );
}

function concatenated(tensors: readonly tf.Tensor[], axis: number): tf.Tensor {
  const [first, ...others] = tensors;
  return first && others.length === 0 ? tf.clone(first) : tf.concat([...tensors], axis);
}
