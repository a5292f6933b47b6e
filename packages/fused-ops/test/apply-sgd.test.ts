import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { applySgd, type SgdParameter } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";

interface Form {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly after: readonly number[][][];
  readonly velocities: readonly number[][];
}

/** From tools/fixtures/sgd.py with torch.optim.SGD; one row per parameter. */
interface Fixture {
  readonly weightDecays: readonly number[];
  readonly learningRates: readonly number[];
  readonly start: readonly number[][];
  readonly gradients: readonly number[][][];
  readonly forms: Readonly<Record<"plain" | "momentum" | "nesterov", Form>>;
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/sgd.json", import.meta.url), "utf8"));

const variable = (values: readonly number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d([...values])));

function parameter(start: readonly number[], weightDecay = 0): Required<SgdParameter> {
  return { variable: variable(start), velocity: variable(start.map(() => 0)), weightDecay };
}

async function expectClose(actual: tf.Tensor, expected: readonly number[], relative: number): Promise<void> {
  const values = await actual.data();
  expect(values.length).toBe(expected.length);
  expected.forEach((value, index) =>
    expect(Math.abs((values[index] ?? NaN) - value)).toBeLessThan(relative * Math.abs(value) + 1e-9),
  );
}

afterEach(() => tf.disposeVariables());

describe.each([
  { backend: "cpu", fused: false, use: () => tf.setBackend("cpu") },
  { backend: "onnx", fused: true, use: () => useOnnxBackend() },
])("applySgd on $backend", ({ backend, fused, use }) => {
  beforeAll(async () => void (await use()));

  it("runs the kernels if the backend has them", () => {
    for (const name of ["ApplySgd", "ApplyMomentum"]) expect(tf.getKernel(name, backend) !== undefined).toBe(fused);
  });

  it.each(["plain", "momentum", "nesterov"] as const)("follows PyTorch over 20 steps: %s", async (name) => {
    const { momentum, nesterov, after, velocities } = fixture.forms[name];
    const parameters = fixture.start.map((start, row) => parameter(start, fixture.weightDecays[row]));
    for (const [index, gradients] of fixture.gradients.entries()) {
      const tensors = gradients.map((gradient) => tf.tensor1d(gradient));
      // Alternately as a number and as a tensor.
      const rate = fixture.learningRates[index]!;
      const learningRate = index % 2 === 0 ? rate : tf.scalar(rate);
      applySgd(parameters, tensors, { learningRate, momentum, nesterov });
      tf.dispose([tensors, learningRate]);
      for (const [row, { variable }] of parameters.entries()) await expectClose(variable, after[index]![row]!, 2e-6);
    }
    for (const [row, expected] of velocities.entries()) await expectClose(parameters[row]!.velocity, expected, 1e-5);
  });

  it("sets the velocity to the gradient in the first step, as PyTorch does", async () => {
    const first = parameter([1, 2, 3]);
    const gradient = tf.tensor1d([0.5, -1, 2]);
    applySgd([first], [gradient], { learningRate: 0.1, momentum: 0.9 });
    expect([...(await first.velocity.data())]).toEqual([0.5, -1, 2]);
    await expectClose(first.variable, [0.95, 2.1, 2.8], 1e-6);
    gradient.dispose();
  });

  it("updates a parameter without a gradient like one with a zero gradient", async () => {
    const [absent, zero] = [parameter([1, -2]), parameter([1, -2])];
    const [gradient, zeros] = [tf.tensor1d([0.5, -1]), tf.zeros([2])];
    const rates = { learningRate: 0.1, momentum: 0.5 };
    applySgd([absent, zero], [gradient, gradient], rates);
    const before = await absent.variable.data();
    applySgd([absent, zero], [undefined, zeros], rates);
    expect(await absent.variable.data()).toEqual(await zero.variable.data());
    expect(await absent.variable.data()).not.toEqual(before);
    tf.dispose([gradient, zeros]);
  });

  it("lets clones keep the old values", async () => {
    const state = parameter([1, 2]);
    const gradient = tf.ones<tf.Rank.R1>([2]);
    for (const expected of [
      [1, 2],
      [0.5, 1.5],
      [-0.25, 0.75],
    ]) {
      const [clone, velocity] = [tf.clone(state.variable), tf.clone(state.velocity)];
      const velocityBefore = await velocity.data();
      applySgd([state], [gradient], { learningRate: 0.5, momentum: 0.5 });
      await expectClose(clone, expected, 1e-6);
      expect(await velocity.data()).toEqual(velocityBefore);
      tf.dispose([clone, velocity]);
    }
    gradient.dispose();
  });

  it("leaves no tensors behind", () => {
    const parameters = [parameter([1, 2]), parameter([3, 4])];
    const before = tf.memory().numTensors;
    applySgd(parameters, [undefined, undefined], { learningRate: 0.1 });
    applySgd(parameters, [undefined, undefined], { learningRate: 0.1, momentum: 0.9, nesterov: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses invalid arguments, and changes nothing", () => {
    const state = parameter([1, 2, 3]);
    const { variable } = state;
    const [ones, four] = [tf.ones([3]), tf.ones([4])];
    const learningRate = 0.1;
    expect(() => applySgd([state], [four], { learningRate })).toThrow(/shape \[4\], but the parameter has \[3\]/);
    expect(() => applySgd([state], [ones, ones], { learningRate })).toThrow(/2 gradients were given for 1 parameters/);
    expect(() => applySgd([{ variable, weightDecay: 0 }], [ones], { learningRate, momentum: 0.9 })).toThrow(
      /has no velocity, but momentum needs one/,
    );
    expect(() => applySgd([state], [ones], { learningRate, nesterov: true })).toThrow(/nesterov needs a momentum/);
    expect(() => applySgd([state], [ones], { learningRate, momentum: -1 })).toThrow(/momentum -1/);
    expect([...variable.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose([ones, four]);
  });
});
