import { compiled, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { checkpointed, rmsNorm, swiglu } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const LAYERS = 4;

/** A layer with its own weights as arguments, for `checkpointed`. */
function layer(input: tf.Tensor, norm: tf.Tensor, gate: tf.Tensor, up: tf.Tensor, down: tf.Tensor): tf.Tensor2D {
  const normal = rmsNorm(input as tf.Tensor2D, norm as tf.Tensor1D, 1e-5);
  const inner = swiglu(tf.matMul(normal, gate as tf.Tensor2D), tf.matMul(normal, up as tf.Tensor2D));
  return tf.add(input, tf.matMul(inner, down as tf.Tensor2D));
}

function weights(): tf.Variable[][] {
  const matrix = (rows: number, columns: number, seed: number): tf.Variable =>
    tf.variable(tf.randomUniform([rows, columns], -0.5, 0.5, "float32", seed));
  return Array.from({ length: LAYERS }, (_, index) => [
    tf.variable(tf.ones([8])),
    matrix(8, 16, 3 * index),
    matrix(8, 16, 3 * index + 1),
    matrix(16, 8, 3 * index + 2),
  ]);
}

function lossAndGradients(input: tf.Tensor, all: tf.Variable[][], again: boolean): tf.Tensor[] {
  const loss = (): tf.Scalar =>
    tf.mean(
      tf.square(
        all.reduce<tf.Tensor>((hidden, [norm, gate, up, down]) => {
          if (!norm || !gate || !up || !down) throw new Error("a layer has four weights");
          if (!again) return layer(hidden, norm, gate, up, down);
          return checkpointed(
            (given: tf.Tensor) => layer(given, norm, gate, up, down),
            [hidden],
            [norm, gate, up, down],
          );
        }, input),
      ),
    );
  const { value, grads } = tf.engine().gradients(loss, [input, ...all.flat()]);
  return [value, ...grads];
}

const numbers = (tensors: readonly tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);

describe.each(["cpu", "onnx"])("checkpointed on %s", (backend) => {
  beforeAll(() => (backend === "onnx" ? useOnnxBackend({ threads: 2 }) : tf.setBackend(backend)));
  afterAll(() => tf.disposeVariables());

  it("returns the values and gradients of the function itself", () => {
    const [all, input] = [weights(), tf.randomUniform([6, 8], -1, 1, "float32", 99)];
    const [plain, again] = [false, true].map((kind) => numbers(tf.tidy(() => lossAndGradients(input, all, kind))));
    again?.forEach((values, tensor) =>
      values.forEach((value, index) => expect(value).toBeCloseTo(plain?.[tensor]?.[index] ?? NaN, 5)),
    );
  });

  it("leaves no tensor behind", () => {
    const [all, input] = [weights(), tf.randomUniform([6, 8], -1, 1, "float32", 99)];
    const { numTensors } = tf.memory();
    tf.dispose(lossAndGradients(input, all, true));
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("returns zeros for an input that does not affect the result", () => {
    const first = (...inputs: tf.Tensor[]): tf.Tensor => tf.square(inputs[0] ?? 0);
    const gradients = tf.grads((x: tf.Tensor, unused: tf.Tensor) => checkpointed(first, [x, unused]));
    expect(numbers(gradients([tf.tensor1d([3]), tf.tensor1d([1])]))).toEqual([[6], [0]]);
  });

  it("can be compiled", () => {
    const [all, input] = [weights(), tf.randomUniform([6, 8], -1, 1, "float32", 99)];
    const step = compiled((x: tf.Tensor) => tf.tidy(() => lossAndGradients(x, all, true)));
    const expected = numbers(tf.tidy(() => lossAndGradients(input, all, true)));
    for (let call = 0; call < 3; call++) expect(numbers(step(input))).toEqual(expected);
  });
});

it("compiles one graph for equal layers in each direction", async () => {
  await useOnnxBackend({ threads: 2 });
  const [all, input] = [weights(), tf.randomUniform([7, 8], -1, 1, "float32", 99)];
  const before = onnxStatistics();
  tf.dispose(numbers(lossAndGradients(input, all, true)));
  const { compiled, runs } = onnxStatistics();
  expect(runs - before.runs).toBeGreaterThanOrEqual(2 * LAYERS);
  expect(compiled - before.compiled).toBeLessThan(2 * LAYERS);
});
