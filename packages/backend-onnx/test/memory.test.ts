import { explain, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { quantize, quantizedMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import koffi from "koffi";
import { beforeAll, expect, test } from "vitest";
import { values } from "./matrix-values.ts";
import { nativeBytes } from "./native-bytes.ts";

beforeAll(async () => {
  // Registers gradients with tfjs-core.
  await import("@tensorflow/tfjs-layers");
  await useOnnxBackend();
});

const INPUTS = 64;
const HIDDEN = 256;

/** A two-layer network with a plain update: forward, backward, assign. */
function network() {
  const first = tf.tidy(() => tf.variable(tf.randomNormal([INPUTS, HIDDEN], 0, 0.1, "float32", 1)));
  const second = tf.tidy(() => tf.variable(tf.randomNormal([HIDDEN, 1], 0, 0.1, "float32", 2)));
  const inputs = tf.randomNormal([512, INPUTS], 0, 1, "float32", 3);
  const targets = tf.tidy(() => tf.sum(inputs, 1, true));
  const loss = (): tf.Scalar => {
    const output = tf.matMul(tf.tanh(tf.matMul(inputs as tf.Tensor2D, first as tf.Tensor2D)), second as tf.Tensor2D);
    return tf.mean(tf.squaredDifference(output, targets));
  };
  const step = (): number =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, [first, second]);
      for (const variable of [first, second]) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.01)));
      return value.dataSync()[0]!;
    });
  const dispose = (): void => tf.dispose([first, second, inputs, targets]);
  return { step, dispose };
}

test("500 training steps leave tensors, data and process memory flat", () => {
  const { step } = network();
  const losses = Array.from({ length: 50 }, step);
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const before = nativeBytes();
  for (let index = 0; index < 500; index++) losses.push(step());
  expect(tf.memory()).toMatchObject({ unreliable: false, numTensors, numDataBuffers, numBytes });
  // One leaked activation of [512, 256] per step would be 260 MB.
  expect(nativeBytes() - before).toBeLessThan(40e6);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
});

test("5,000 steps with an optimizer in place leave everything flat that is counted", () => {
  const shapes = [
    [16, 32],
    [32, 1],
  ];
  const states = shapes.map((shape, seed) =>
    tf.tidy(() => ({
      variable: tf.variable(tf.randomNormal(shape, 0, 0.1, "float32", seed)),
      firstMoment: tf.variable(tf.zeros(shape), false),
      secondMoment: tf.variable(tf.zeros(shape), false),
    })),
  );
  const variables = states.map(({ variable }) => variable);
  const inputs = tf.randomNormal<tf.Rank.R2>([64, 16], 0, 1, "float32", 3);
  const targets = tf.tidy(() => tf.sum(inputs, 1, true));
  const step = (count: number): number =>
    tf.tidy(() => {
      const [first, second] = variables as [tf.Variable<tf.Rank.R2>, tf.Variable<tf.Rank.R2>];
      const { value, grads } = tf.variableGrads(
        () => tf.mean(tf.squaredDifference(tf.matMul(tf.tanh(tf.matMul(inputs, first)), second), targets)),
        variables,
      );
      const lists: {} = {
        parameters: variables,
        gradients: variables.map(({ name }) => grads[name]!),
        firstMoments: states.map(({ firstMoment }) => firstMoment),
        secondMoments: states.map(({ secondMoment }) => secondMoment),
      };
      const numbers = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: count };
      tf.engine().runKernel("ApplyAdamW", lists, { ...numbers, weightDecays: [0, 0] });
      return value.dataSync()[0]!;
    });
  const losses = Array.from({ length: 500 }, (_, index) => step(index + 1));
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const { compiled, cached, leafBytes, resultBytes, slotBytes, sessionBytes } = onnxStatistics();
  const before = nativeBytes();
  for (let count = 501; count <= 5500; count++) losses.push(step(count));
  expect(tf.memory()).toMatchObject({ unreliable: false, numTensors, numDataBuffers, numBytes });
  expect(onnxStatistics()).toMatchObject({ compiled, cached, leafBytes, resultBytes, slotBytes, sessionBytes });
  // The smallest leak of a tensor of 64 rows per step would be 40 MB with its handle.
  expect(nativeBytes() - before).toBeLessThan(30e6);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
  tf.dispose([states.map((state) => Object.values(state)), inputs, targets]);
});

test("memory is counted by kind, and as tfjs counts it", () => {
  const before = onnxStatistics();
  const { numBytes } = tf.memory();
  const leaf = tf.tensor1d(new Float32Array(1000));
  const flags = tf.tensor1d([true, false, true]);
  const result = tf.add(leaf, 1);
  result.dataSync();
  const parameter = tf.tidy(() => tf.variable(tf.ones([32])));
  const inputs: {} = { parameters: [parameter], gradients: [tf.slice(leaf, [0], [32])] };
  tf.tidy(() => tf.engine().runKernel("ApplySgd", inputs, { learningRate: 1, weightDecays: [0] }));
  const after = onnxStatistics();
  expect(after.leafBytes - before.leafBytes).toBe(4003);
  expect(after.slotBytes - before.slotBytes).toBe(2 * 128);
  expect(tf.memory().numBytes - numBytes).toBe(4003 + 4000 + 128 + 128);
  tf.dispose([leaf, flags, result, parameter, Object.values(inputs)]);
  expect(tf.memory().numBytes).toBe(numBytes);
  const { leafBytes, resultBytes, slotBytes } = onnxStatistics();
  expect({ leafBytes, resultBytes, slotBytes }).toEqual({
    leafBytes: before.leafBytes,
    resultBytes: before.resultBytes,
    slotBytes: before.slotBytes,
  });
});

test("operations whose results are never read are discarded, however many", () => {
  const x = tf.ones([512, 512]);
  const drop = (): void =>
    tf.tidy(() => {
      tf.add(tf.tensor(new Float32Array(512 * 512), [512, 512]), x);
    });
  for (let index = 0; index < 10; index++) drop();
  const before = nativeBytes();
  // 1 GB of leaves. A quarter of it may wait for nodes that never run.
  for (let index = 0; index < 1000; index++) drop();
  expect(nativeBytes() - before).toBeLessThan(400e6);
});

test("the same program returns the same bits twice", () => {
  const run = (): number[] => {
    const { step, dispose } = network();
    const losses = Array.from({ length: 20 }, step);
    dispose();
    return losses;
  };
  expect(run()).toEqual(run());
});

test.skipIf(process.platform !== "linux")("the heap returns large blocks to the system", () => {
  const allocate = (byteLength: number): object => {
    const block: object = koffi.alloc("uint8_t", byteLength);
    new Uint8Array(koffi.view(block, byteLength)).fill(1);
    return block;
  };
  // With its default settings, glibc would keep blocks of up to this size from now on.
  koffi.free(allocate(24 * 2 ** 20));
  const before = nativeBytes();
  const pairs = Array.from({ length: 10 }, () => [allocate(16 * 2 ** 20), allocate(600_000)] as const);
  expect(nativeBytes() - before).toBeGreaterThan(150e6);
  for (const [large] of pairs) koffi.free(large);
  // The small blocks between them would keep the large ones in the heap.
  expect(nativeBytes() - before).toBeLessThan(40e6);
  for (const [, small] of pairs) koffi.free(small);
});

test("a value that is computed again is not kept since the first time", async () => {
  const x = tf.randomNormal([64, 64]);
  const { operatorTypes } = await explain(() => tf.tidy(() => tf.mul(tf.matMul(tf.floor(x), x), tf.floor(x))));
  expect(operatorTypes.find(({ operatorType }) => operatorType === "Floor")).toMatchObject({ written: 2, count: 2 });
  x.dispose();
});

test("a quantized matrix is converted to float32 without a second copy", async () => {
  const [rows, columns] = [8, 64];
  const matrix = quantizedMatrix(quantize(values(rows * columns, 1), [rows, columns], { blockSize: 32 }));
  const { operatorTypes } = await explain(() => matrix.widen());
  expect(operatorTypes.map(({ operatorType }) => operatorType)).not.toContain("Slice");
  expect(operatorTypes.map(({ operatorType }) => operatorType)).toContain("Mul");
  matrix.dispose();
});
