import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import { explain, onnxStatistics, useOnnxBackend, type Provider } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { nativeBytes } from "../native-bytes.ts";
import { openSwiftShader } from "./swiftshader.ts";

const missing = openSwiftShader();
if (missing !== undefined) console.warn(`The tests of training on WebGPU are skipped: ${missing}.`);

const [batch, length, width, hidden, vocabulary] = [2, 4, 8, 16, 12];
const tokens = batch * length;

const SHAPES: Readonly<Record<string, [number, number]>> = {
  embedding: [vocabulary, width],
  query: [width, width],
  key: [width, width],
  value: [width, width],
  output: [width, width],
  gate: [width, hidden],
  up: [width, hidden],
  down: [hidden, width],
};

function norm(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5)));
}

/** The cross-entropy of the next token after one transformer block: attention over the past, then SwiGLU. */
function transformerLoss(
  weights: Readonly<Record<string, tf.Tensor2D>>,
  ids: tf.Tensor1D,
  targets: tf.Tensor1D,
): tf.Scalar {
  const { embedding, query, key, value, output, gate, up, down } = weights;
  const mask = tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)), -1e9);
  const inBatches = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [batch, length, width]);
  let x = tf.gather(embedding!, ids);
  const normed = norm(x);
  const [q, k, v] = [query!, key!, value!].map((weight) => inBatches(tf.matMul(normed, weight)));
  const scores = tf.add(tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(width)), mask);
  x = tf.add(x, tf.matMul(tf.reshape(tf.matMul(tf.softmax(scores), v!), [tokens, width]), output!));
  const again = norm(x);
  const gated = tf.matMul(again, gate!);
  x = tf.add(x, tf.matMul(tf.mul(tf.mul(gated, tf.sigmoid(gated)), tf.matMul(again, up!)), down!));
  const logProbabilities = tf.logSoftmax(tf.matMul(x, embedding!, false, true));
  return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, tf.oneHot(targets, vocabulary)), -1)));
}

/** A model with its optimizer. `step` trains once and returns the loss. */
function training() {
  const zeros = (shape: [number, number]): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(shape)));
  const entries = Object.entries(SHAPES).map(([name, shape], index) => ({
    name,
    parameter: tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.5, "float32", index + 1))),
    firstMoment: zeros(shape),
    secondMoment: zeros(shape),
  }));
  const sequence = Array.from({ length: tokens + 1 }, (_, index) => (index * index + 3) % vocabulary);
  const ids = tf.tensor1d(sequence.slice(0, -1), "int32");
  const targets = tf.tensor1d(sequence.slice(1), "int32");
  const parameters = entries.map(({ parameter }) => parameter);
  let count = 0;
  const step = (): number =>
    tf.tidy(() => {
      const weights = Object.fromEntries(
        entries.map(({ name, parameter }) => [name, parameter as tf.Tensor as tf.Tensor2D]),
      );
      const { value, grads } = tf.variableGrads(() => transformerLoss(weights, ids, targets), parameters);
      tf.engine().runKernel(
        "ApplyAdamW",
        {
          parameters,
          gradients: parameters.map(({ name }) => grads[name]!),
          firstMoments: entries.map(({ firstMoment }) => firstMoment),
          secondMoments: entries.map(({ secondMoment }) => secondMoment),
        } as never,
        {
          learningRate: 0.02,
          beta1: 0.9,
          beta2: 0.99,
          epsilon: 1e-8,
          step: ++count,
          weightDecays: parameters.map(() => 0.1),
        } as never,
      );
      return value.dataSync()[0]!;
    });
  const values = (): number[] => parameters.flatMap((parameter) => Array.from(parameter.dataSync()));
  const dispose = (): void => {
    tf.dispose([ids, targets]);
    for (const { parameter, firstMoment, secondMoment } of entries) tf.dispose([parameter, firstMoment, secondMoment]);
  };
  return { step, values, dispose };
}

async function use(provider: Provider): Promise<void> {
  if (tf.engine().findBackendFactory("onnx") !== null) tf.removeBackend("onnx");
  await useOnnxBackend({ provider });
}

async function train(provider: Provider, steps: number): Promise<{ losses: number[]; values: number[] }> {
  await use(provider);
  const { step, values, dispose } = training();
  const losses = Array.from({ length: steps }, step);
  const result = { losses, values: values() };
  dispose();
  return result;
}

function greatestDifference(left: readonly number[], right: readonly number[]): number {
  return Math.max(...left.map((value, index) => Math.abs(value - right[index]!)));
}

describe.skipIf(missing !== undefined)("a transformer on WebGPU", () => {
  test("trains as on the CPU: forward, backward, and AdamW over several steps", async () => {
    const steps = 8;
    const expected = await train("cpu", steps);
    const found = await train("webgpu", steps);
    expect(expected.losses.at(-1)).toBeLessThan(expected.losses[0]! / 2);
    expect(greatestDifference(found.losses, expected.losses)).toBeLessThan(2e-5);
    expect(greatestDifference(found.values, expected.values)).toBeLessThan(2e-5);
  });

  test("runs every node there, in the same graphs at every step", async () => {
    await use("webgpu");
    const { step, dispose } = training();
    const explanation = await explain(() => void step());
    expect(new Set(explanation.nodes.map(({ provider }) => provider))).toEqual(new Set(["WebGpuExecutionProvider"]));
    expect(explanation.operations.map(({ operation }) => operation)).toContain("ApplyAdamW");
    expect(explanation.steady.compiled).toBe(0);
    dispose();
  });

  test("leaves tensors, compiled graphs, and memory flat over many steps", async () => {
    await use("webgpu");
    const { step, dispose } = training();
    for (let index = 0; index < 10; index++) step();
    const { numTensors, numDataBuffers } = tf.memory();
    const { compiled, resultBytes } = onnxStatistics();
    const growths = [1, 2, 3].map(() => {
      const before = nativeBytes();
      for (let index = 0; index < 40; index++) step();
      return nativeBytes() - before;
    });
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    expect(onnxStatistics()).toMatchObject({ compiled, resultBytes });
    // SwiftShader's device memory is the process's. A leak grows in each part; memory that the allocator keeps does
    // not.
    expect(Math.min(...growths)).toBeLessThan(12e6);
    dispose();
  });
});
