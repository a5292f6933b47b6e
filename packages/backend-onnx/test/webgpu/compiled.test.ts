import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import { compiled, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import {
  applyAdamW,
  applySgd,
  attention,
  checkpointed,
  embedding,
  rmsNorm,
  rotaryEmbedding,
  swiglu,
  tokenLogProbabilities,
} from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { openSwiftShader } from "./swiftshader.ts";

const missing = openSwiftShader();
if (missing !== undefined) console.warn(`The tests of compiled steps on WebGPU are skipped: ${missing}.`);

const [rows, length, heads, width, inner, vocabulary, steps] = [2, 4, 2, 8, 16, 12, 5];
const SHAPES = {
  table: [vocabulary, width],
  norm: [width],
  qkv: [width, 3 * width],
  gate: [width, inner],
  up: [width, inner],
  down: [inner, width],
};

type Weights = Record<keyof typeof SHAPES, tf.Variable>;

function makeWeights(): Weights {
  const entries = Object.entries(SHAPES).map(([name, shape], index) => [
    name,
    tf.tidy(() => tf.variable(tf.add(tf.randomNormal(shape, 0, 0.4, "float32", index + 1), name === "norm" ? 1 : 0))),
  ]);
  return Object.fromEntries(entries) as Weights;
}

/** A transformer block of fused operations. */
function block(input: tf.Tensor, norm: tf.Tensor, qkv: tf.Tensor, gate: tf.Tensor, up: tf.Tensor, down: tf.Tensor) {
  const angles = Array.from({ length: (length * width) / heads / 2 }, (_, index) => index / 3);
  const turn = (of: (angle: number) => number): tf.Tensor => tf.tensor2d(angles.map(of), [length, width / heads / 2]);
  const rotation = { cosine: turn(Math.cos), sine: turn(Math.sin) };
  const normal = rmsNorm(input as tf.Tensor2D, norm as tf.Tensor1D, 1e-5);
  const [query, key, value] = tf
    .split(tf.matMul<tf.Tensor2D>(normal, qkv as tf.Tensor2D), 3, 1)
    .map((part) => tf.transpose(tf.reshape<tf.Rank.R4>(part, [rows, length, heads, width / heads]), [0, 2, 1, 3]));
  if (!query || !key || !value) throw new Error("there are three parts");
  const mask = tf.tensor2d(
    Array.from({ length: length * length }, (_, index) => (index % length > index / length ? -1e9 : 0)),
    [length, length],
  );
  const attended = attention(rotaryEmbedding(query, rotation), rotaryEmbedding(key, rotation), value, { mask });
  const hidden = tf.add<tf.Tensor2D>(input, tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [rows * length, width]));
  const activated = swiglu(tf.matMul(hidden, gate as tf.Tensor2D), tf.matMul(hidden, up as tf.Tensor2D));
  return tf.add<tf.Tensor2D>(hidden, tf.matMul(activated, down as tf.Tensor2D));
}

function loss({ table, norm, qkv, gate, up, down }: Weights, tokens: tf.Tensor1D, targets: tf.Tensor2D): tf.Scalar {
  const hidden = checkpointed(block, [embedding(table as tf.Tensor2D, tokens), norm, qkv, gate, up, down]);
  return tf.neg(tf.mean(tokenLogProbabilities(tf.matMul(hidden, table as tf.Tensor2D, false, true), targets)));
}

type Update = (variables: tf.Variable[], gradients: tf.Tensor[], step: tf.Scalar) => void;

function adamW(variables: readonly tf.Variable[]): Update {
  const zeros = (): tf.Variable[] => variables.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros(shape), false)));
  const [first, second] = [zeros(), zeros()];
  return (_, gradients, step) =>
    applyAdamW(
      variables.map((variable, index) => ({
        variable,
        firstMoment: first[index]!,
        secondMoment: second[index]!,
        weightDecay: 0.01,
      })),
      gradients,
      { learningRate: 0.02, step },
    );
}

function momentum(variables: readonly tf.Variable[]): Update {
  const velocities = variables.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros(shape), false)));
  return (_, gradients) =>
    applySgd(
      variables.map((variable, index) => ({ variable, velocity: velocities[index]!, weightDecay: 0.01 })),
      gradients,
      { learningRate: 0.05, momentum: 0.9, nesterov: true },
    );
}

function losses(optimizer: (variables: readonly tf.Variable[]) => Update): number[] {
  const weights = makeWeights();
  const variables = Object.values(weights);
  const update = optimizer(variables);
  const step = compiled((tokens: tf.Tensor1D, targets: tf.Tensor2D, count: tf.Scalar) => {
    const { value, grads } = tf.engine().gradients(() => tf.tidy(() => loss(weights, tokens, targets)), variables);
    update(variables, grads, count);
    return value;
  });
  const found = Array.from({ length: steps }, (_, index) =>
    tf.tidy(() => {
      const tokens = Array.from({ length: rows * length }, (_, position) => (position * position + index) % vocabulary);
      const targets = tokens.flatMap((token, position) => [position, (token + 3) % vocabulary]);
      const count = tf.scalar(index + 1, "int32");
      return (
        step(tf.tensor1d(tokens, "int32"), tf.tensor2d(targets, [tokens.length, 2], "int32"), count).dataSync()[0] ??
        NaN
      );
    }),
  );
  step.dispose();
  tf.dispose(variables);
  return found;
}

describe.skipIf(missing !== undefined)("a compiled step on WebGPU", () => {
  test.each([
    ["AdamW", adamW],
    ["momentum", momentum],
  ] as const)("trains with %s as tfjs's cpu backend does, and compiles once", async (_, optimizer) => {
    await tf.setBackend("cpu");
    const expected = losses(optimizer);
    await useOnnxBackend({ provider: "webgpu" });
    const found = losses(optimizer);
    expect(expected.at(-1)).toBeLessThan(expected[0]!);
    found.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 3));
    const { compiled: graphs } = onnxStatistics();
    expect(losses(optimizer)).toEqual(found.map((value) => expect.closeTo(value, 5)));
    expect(onnxStatistics().compiled - graphs).toBeLessThan(8);
  });
});
