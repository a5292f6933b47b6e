import { compiled, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(() => useOnnxBackend({ threads: 2 }));

describe("frozen tensors of a compiled function", () => {
  const product =
    (weight: tf.Tensor2D) =>
    (x: tf.Tensor2D): tf.Tensor2D =>
      tf.add(tf.matMul(x, weight, false, true), tf.sum(tf.gather(weight, tf.tensor1d([1], "int32"))));

  it("have the same results as inputs of the graph", () => {
    const weight = tf.randomNormal<tf.Rank.R2>([64, 32], 0, 1, "float32", 1);
    const fast = compiled(product(weight), { frozen: [weight] });
    for (const rows of [1, 3, 3, 1]) {
      const x = tf.randomNormal<tf.Rank.R2>([rows, 32], 0, 1, "float32", rows);
      const expected = product(weight)(x).dataSync();
      fast(x)
        .dataSync()
        .forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 4));
    }
    expect(fast.signatures).toBe(2);
    const before = onnxStatistics().compiled;
    fast(tf.ones([3, 32])).dispose();
    expect(onnxStatistics().compiled).toBe(before);
  });

  it("may be results of the backend", () => {
    const weight = tf.mul<tf.Tensor2D>(tf.tensor2d([1, 2, 3, 4], [2, 2]), 2);
    const fast = compiled(product(weight), { frozen: [weight] });
    for (const x of [tf.tensor2d([1, 1], [1, 2]), tf.tensor2d([1, 0], [1, 2])])
      expect([...fast(x).dataSync()]).toEqual([...product(weight)(x).dataSync()]);
    expect([...weight.dataSync()]).toEqual([2, 4, 6, 8]);
  });

  it("may change: the function is recorded again", () => {
    const weight = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    const fast = compiled((x: tf.Tensor2D) => tf.matMul(x, weight as tf.Tensor2D), { frozen: [weight] });
    const x = tf.tensor2d([1, 1], [1, 2]);
    expect([...fast(x).dataSync()]).toEqual([4, 6]);
    const before = onnxStatistics().compiled;
    weight.assign(tf.tensor2d([1, 1, 1, 1], [2, 2]));
    expect([...fast(x).dataSync()]).toEqual([2, 2]);
    // Fed, it would need no other graph.
    expect(onnxStatistics().compiled).toBe(before + 1);
    const inputs: {} = { parameters: [weight], gradients: [tf.ones([2, 2])] };
    tf.engine().runKernel("ApplySgd", inputs as tf.NamedTensorMap, { learningRate: 0.5, weightDecays: [0] });
    expect([...fast(x).dataSync()]).toEqual([1, 1]);
    expect([...fast(x).dataSync()]).toEqual([1, 1]);
    tf.engine().runKernel("ApplySgd", inputs as tf.NamedTensorMap, { learningRate: 0.5, weightDecays: [0] });
    expect([...fast(x).dataSync()]).toEqual([0, 0]);
  });
});
