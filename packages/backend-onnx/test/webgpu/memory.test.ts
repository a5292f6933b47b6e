import { explain, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { nativeBytes } from "../native-bytes.ts";
import { openSwiftShader } from "./swiftshader.ts";

const missing = openSwiftShader();
if (missing !== undefined) console.warn(`The tests of memory on WebGPU are skipped: ${missing}.`);

describe.skipIf(missing !== undefined)("memory on WebGPU", () => {
  beforeAll(() => useOnnxBackend({ provider: "webgpu", sessions: 3 }));

  test("is freed: inputs, intermediates, results, and old values of variables", () => {
    const variable = tf.tidy(() => tf.variable(tf.zeros([512, 512])));
    const numbers = new Float32Array(512 * 512).fill(1);
    const step = (): void =>
      tf.tidy(() => {
        const input = tf.tensor2d(numbers, [512, 512]);
        variable.assign(tf.add(tf.mul(variable, 0.5), tf.sqrt(input)));
        expect(tf.mean(variable).dataSync()[0]).toBeGreaterThan(0.9);
      });
    for (let index = 0; index < 15; index++) step();
    // SwiftShader's device memory is the process's. Each tensor is 1 MB; one leaked tensor per step would be 80 MB.
    const before = nativeBytes();
    for (let index = 0; index < 80; index++) step();
    expect(nativeBytes() - before).toBeLessThan(50e6);
    variable.dispose();
  });

  test("outlives the graphs that it was computed by, which go one after the other", () => {
    const kept = Array.from({ length: 8 }, (_, index) => tf.tidy(() => tf.mul(tf.ones([index + 1, 300]), 6)));
    for (const tensor of kept) tf.tidy(() => tf.sum(tensor).dataSync());
    expect(onnxStatistics().cached).toBe(3);
    expect(onnxStatistics().evicted).toBeGreaterThan(4);
    for (const tensor of kept) expect(new Set(tensor.dataSync())).toEqual(new Set([6]));
    tf.dispose(kept);
  });

  test("survives explanations, whose graphs go at once", async () => {
    const x = tf.ones([20, 20]);
    for (let round = 0; round < 4; round++) {
      const { nodes } = await explain(() => tf.exp(x), { calls: 1 });
      expect(nodes.map(({ operatorType }) => operatorType)).toEqual(["Exp"]);
    }
    expect(tf.tidy(() => tf.add(x, 1).dataSync()[0])).toBe(2);
  });
});
