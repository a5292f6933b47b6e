import * as tf from "@tensorflow/tfjs-core";
import type { PackedBits, PackedMatrix } from "./packed-matrix.ts";

/**
 * A matrix [rows, columns] that keeps its stored 16 bits per value. `values` [65536] is the float32 value of each bit
 * pattern; several matrices may share it. Throws a `RangeError` for a wrong number of patterns.
 */
export function pack16Bits(
  patterns: Uint16Array,
  [rows, columns]: readonly [number, number],
  values: tf.Tensor1D,
): PackedMatrix {
  checkSize(patterns, rows, columns);
  return { rows, columns, bits: 16, codes: packed(patterns, 16), values };
}

export interface QuantiseOptions {
  /** Bits per value. Default 8. */
  readonly bits?: 4 | 8;
  /** Number of columns that share a scale; must divide the number of columns. Default: the whole row. */
  readonly groupSize?: number;
}

/**
 * Rounds a matrix [rows, columns] to integer multiples of a scale per group, symmetric about zero: no value changes by more
 * than half its group's scale. Throws a `RangeError` for a wrong number of values, values that are not finite, and a group
 * size that does not divide the number of columns.
 */
export function quantise(
  numbers: Float32Array,
  [rows, columns]: readonly [number, number],
  { bits = 8, groupSize = columns }: QuantiseOptions = {},
): PackedMatrix {
  checkSize(numbers, rows, columns);
  const groups = columns / groupSize;
  if (!Number.isInteger(groups)) {
    throw new RangeError(`fused-ops: groupSize ${groupSize} does not divide ${columns} columns. Choose a divisor.`);
  }
  const largest = 2 ** (bits - 1) - 1;
  const codes = new Uint16Array(numbers.length);
  const scales = new Float32Array(rows * groups);
  for (let group = 0; group < scales.length; group++) {
    const start = group * groupSize;
    let most = 0;
    for (let index = start; index < start + groupSize; index++) most = Math.max(most, Math.abs(numbers[index] ?? 0));
    if (!Number.isFinite(most))
      throw new RangeError("fused-ops: a matrix to quantise has a value that is not finite. Check the weights.");
    const scale = Math.fround(most / largest);
    scales[group] = scale;
    for (let index = start; index < start + groupSize; index++)
      codes[index] = largest + (scale === 0 ? 0 : clamped((numbers[index] ?? 0) / scale, largest));
  }
  const values = tf.tensor1d(Float32Array.from({ length: 2 ** bits }, (_, code) => code - largest));
  return { rows, columns, bits, codes: packed(codes, bits), values, scales: tf.tensor2d(scales, [rows, groups]) };
}

function clamped(value: number, largest: number): number {
  return Math.max(-largest, Math.min(largest, Math.round(value)));
}

function packed(codes: Uint16Array, bits: PackedBits): tf.Tensor1D {
  const perWord = 32 / bits;
  const words = new Int32Array(Math.ceil(codes.length / perWord));
  for (let index = 0; index < codes.length; index++)
    words[Math.floor(index / perWord)] =
      (words[Math.floor(index / perWord)] ?? 0) | ((codes[index] ?? 0) << (bits * (index % perWord)));
  return tf.tensor1d(words, "int32");
}

function checkSize({ length }: ArrayLike<number>, rows: number, columns: number): void {
  if (length === rows * columns) return;
  throw new RangeError(`fused-ops: ${length} values were given for a matrix [${rows}, ${columns}].`);
}
