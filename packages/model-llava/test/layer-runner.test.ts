import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, it } from "vitest";
import type { KeyValue } from "../src/network/attention.ts";
import { answeringLayer } from "../src/network/layer-runner.ts";

it("an answering layer leaves its result, and its keys and values, alone", () => {
  const { numTensors } = tf.memory();
  const cached: KeyValue[] = [];
  const runLayer = answeringLayer(cached);
  const layer = (input: tf.Tensor2D): tf.Tensor2D => {
    const doubled = tf.mul(input, 2);
    cached.push({ key: tf.reshape(tf.add(doubled, 1), [1, 1, 2, 3]), value: tf.reshape(doubled, [1, 1, 2, 3]) });
    return tf.add(doubled, input);
  };
  const last = [0, 1, 2].reduce((hidden) => runLayer(layer, hidden, {}), tf.ones<tf.Rank.R2>([2, 3]));
  expect(tf.memory().numTensors - numTensors).toBe(1 + 6);
  expect(last.dataSync()).toEqual(new Float32Array(6).fill(27));
  expect(cached.map(({ key }) => key.dataSync()[0])).toEqual([3, 7, 19]);
  tf.dispose([last, ...cached.flatMap(({ key, value }) => [key, value])]);
  expect(tf.memory().numTensors).toBe(numTensors);
});
