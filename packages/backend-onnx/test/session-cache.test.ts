import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { nativeBytes } from "./native-bytes.ts";

beforeAll(() => useOnnxBackend({ sessions: 4 }));

/** Programs that differ only in `size`. */
const compute = (size: number): number[] => tf.tidy(() => Array.from(tf.add(tf.ones([size]), 1).dataSync()));

test("keeps at most as many sessions as allowed, and evicts the least recently used", () => {
  for (const size of [1, 2, 3, 4]) compute(size);
  compute(1);
  expect(onnxStatistics()).toMatchObject({ compiled: 4, cached: 4, evicted: 0 });
  compute(5);
  expect(onnxStatistics()).toMatchObject({ compiled: 5, cached: 4, evicted: 1 });
  compute(1);
  expect(onnxStatistics()).toMatchObject({ compiled: 5, evicted: 1 });
  expect(compute(2)).toEqual([2, 2]);
  expect(onnxStatistics()).toMatchObject({ compiled: 6, evicted: 2 });
});

test("results outlive the session that computed them", () => {
  const kept = tf.add(tf.ones([100]), 41);
  kept.dataSync();
  for (let size = 10; size < 20; size++) compute(size);
  expect(new Set(kept.dataSync())).toEqual(new Set([42]));
});

test("hundreds of different programs leave the process no larger", () => {
  for (let size = 1000; size < 1100; size++) compute(size);
  const before = nativeBytes();
  for (let size = 1100; size < 1700; size++) compute(size);
  expect(onnxStatistics().cached).toBe(4);
  expect(nativeBytes() - before).toBeLessThan(60e6);
});
