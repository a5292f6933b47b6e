/**
 * The resident set of the process over 10,000 distinct shapes in a row, each compiled once and never used again.
 * `npx tsx --conditions=@mlan/source bench/many-shapes.ts`
 */
import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";

const SHAPES = 10_000;
const BETWEEN_REPORTS = 1000;

await useOnnxBackend();
const start = performance.now();
for (let size = 1; size <= SHAPES; size++) {
  tf.tidy(() => void tf.add(tf.mul(tf.ones([size]), 2), 1).dataSync());
  if (size % BETWEEN_REPORTS !== 0) continue;
  const { cached, sessionBytes } = onnxStatistics();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const resident = (process.memoryUsage().rss / 1e6).toFixed(0);
  const held = (sessionBytes / 1e6).toFixed(1);
  console.log(`${size} shapes  ${seconds} s  ${resident} MB resident  ${cached} sessions of ${held} MB`);
}
