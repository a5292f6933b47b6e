import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

const [LAYERS, WIDTH] = [24, 1024];

/** Returns two results per layer for an input [length, WIDTH], as a prompt's pass does with keys and values. */
const read = compiled((input: tf.Tensor2D): tf.Tensor[] => {
  const results: tf.Tensor[] = [];
  let hidden: tf.Tensor = input;
  for (let layer = 0; layer < LAYERS; layer++) {
    hidden = tf.mul(tf.exp(hidden), 0.001);
    results.push(tf.add(hidden, 1), tf.mul(hidden, 2));
  }
  return results;
});

/** Computes and disposes of the results. Returns the process's peak so far, in bytes. */
function peakAfter(length: number): number {
  const input = tf.zeros<tf.Rank.R2>([length, WIDTH]);
  const results = read(input);
  results[0]?.dataSync();
  tf.dispose([input, ...results]);
  return 1024 * process.resourceUsage().maxRSS;
}

const resultBytes = (length: number): number => 2 * LAYERS * length * WIDTH * 4;

// Elsewhere, memory that is free may still count.
test.runIf(process.platform === "linux")("results of an earlier length do not add to the peak", async () => {
  await useOnnxBackend({ threads: 1 });
  const first = peakAfter(1000);
  expect(peakAfter(1100) - first, "a longer input").toBeLessThan(0.5 * resultBytes(1000));
  for (const length of [900, 800, 700]) peakAfter(length);
  const before = peakAfter(600);
  for (const length of [700, 800, 900, 1000]) peakAfter(length);
  expect(peakAfter(1100) - before, "lengths that were compiled before").toBeLessThan(0.5 * resultBytes(1000));
});
