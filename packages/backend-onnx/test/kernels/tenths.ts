import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** A float32 whose sequential float32 sum is inaccurate: a million of them add up to 99,910 or 100,958. */
export const TENTH = Math.fround(0.1);
const RELATIVE = 1e-5;

export function tenths(...shape: number[]): tf.Tensor {
  return tf.tensor(new Float32Array(tf.util.sizeFromShape(shape)).fill(TENTH), shape);
}

/** Checks that every element of `result` is near the float64 value `expected`. */
export function expectNear(
  result: tf.Tensor,
  expected: number | ((index: number) => number),
  relative = RELATIVE,
): void {
  const errors = Array.from(result.dataSync(), (value, index) => {
    const wanted = typeof expected === "number" ? expected : expected(index);
    return Math.abs(value - wanted) / Math.abs(wanted);
  });
  const worst = errors.reduce((largest, error) => Math.max(largest, Number.isNaN(error) ? Infinity : error), 0);
  expect(worst, result.shape.join()).toBeLessThanOrEqual(relative);
}
