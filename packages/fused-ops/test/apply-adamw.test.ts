import "@tensorflow/tfjs-backend-cpu";
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { type AdamWParameter, applyAdamW } from "@mlan/fused-ops";
import { afterEach, beforeAll, describe, expect, it } from "vitest";

/** From tools/fixtures/adamw.py with torch.optim.AdamW; one row per parameter. */
interface Fixture {
  readonly weightDecays: readonly number[];
  readonly learningRates: readonly number[];
  readonly start: readonly number[][];
  readonly gradients: readonly number[][][];
  readonly after: readonly number[][][];
  readonly firstMoments: readonly number[][];
  readonly secondMoments: readonly number[][];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/adamw.json", import.meta.url), "utf8"));

function parameter(start: readonly number[], weightDecay = 0): AdamWParameter {
  const variable = (values: readonly number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d([...values])));
  const zeros = start.map(() => 0);
  return { variable: variable(start), firstMoment: variable(zeros), secondMoment: variable(zeros), weightDecay };
}

async function expectClose(actual: tf.Tensor, expected: readonly number[], relative: number): Promise<void> {
  const values = await actual.data();
  expect(values.length).toBe(expected.length);
  expected.forEach((value, index) =>
    expect(Math.abs((values[index] ?? NaN) - value)).toBeLessThan(relative * Math.abs(value) + 1e-30),
  );
}

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

describe("applyAdamW composed of ordinary ops", () => {
  it("follows PyTorch over 20 steps, with weight decay and steps without gradient", async () => {
    const parameters = fixture.start.map((start, index) => parameter(start, fixture.weightDecays[index]));
    for (const [index, gradients] of fixture.gradients.entries()) {
      const tensors = gradients.map((gradient) => tf.tensor1d(gradient));
      applyAdamW(parameters, tensors, { learningRate: fixture.learningRates[index]!, step: index + 1 });
      tf.dispose(tensors);
      for (const [row, { variable }] of parameters.entries())
        await expectClose(variable, fixture.after[index]![row]!, 1e-6);
    }
    for (const [row, { firstMoment, secondMoment }] of parameters.entries()) {
      await expectClose(firstMoment, fixture.firstMoments[row]!, 1e-5);
      await expectClose(secondMoment, fixture.secondMoments[row]!, 1e-5);
    }
  });

  it("takes learning rate and step as tensors", async () => {
    const [told, read] = [parameter([1, -2, 3], 0.1), parameter([1, -2, 3], 0.1)];
    const gradient = tf.tensor1d([0.5, -1, 2]);
    const learningRate = tf.scalar(0.25);
    for (const count of [1, 2, 3]) {
      const step = tf.scalar(count, "int32");
      applyAdamW([told], [gradient], { learningRate: 0.25, step: count });
      applyAdamW([read], [gradient], { learningRate, step });
      step.dispose();
      await expectClose(read.variable, [...(await told.variable.data())], 1e-6);
    }
    tf.dispose([gradient, learningRate]);
  });

  it("calls functions for its settings, and changes nothing while its guard is not finite", async () => {
    const [told, asked] = [parameter([1, -2, 3], 0.1), parameter([1, -2, 3], 0.1)];
    const [gradient, finite] = [tf.tensor1d([0.5, -1, 2]), tf.scalar(1)];
    let count = 0;
    const numbers = { learningRate: () => 0.25, step: () => count };
    for (count = 1; count <= 3; count++) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const guard = tf.scalar(value);
        applyAdamW([asked], [gradient], { ...numbers, guard });
        guard.dispose();
      }
      applyAdamW([told], [gradient], { learningRate: 0.25, step: count });
      applyAdamW([asked], [gradient], { ...numbers, guard: finite });
      for (const name of ["variable", "firstMoment", "secondMoment"] as const)
        expect(await asked[name].data()).toEqual(await told[name].data());
    }
    tf.dispose([gradient, finite]);
  });

  it("refuses a gradient of a different shape, which would be broadcast", () => {
    const gradient = tf.scalar(1);
    const step = { learningRate: 0.1, step: 1 };
    expect(() => applyAdamW([parameter([1, 2])], [gradient], step)).toThrow(
      /has shape \[\], but the parameter has \[2\]/,
    );
    gradient.dispose();
  });

  it("updates a parameter without a gradient like one with a zero gradient", async () => {
    const [absent, zero] = [parameter([1, -2, 3]), parameter([1, -2, 3])];
    const gradient = tf.tensor1d([0.5, -1, 2]);
    const zeros = tf.zeros([3]);
    const rates = { learningRate: 0.1 };
    applyAdamW([absent, zero], [gradient, gradient], { ...rates, step: 1 });
    const before = await absent.variable.data();
    applyAdamW([absent, zero], [undefined, zeros], { ...rates, step: 2 });
    expect(await absent.variable.data()).toEqual(await zero.variable.data());
    expect(await absent.variable.data()).not.toEqual(before);
    tf.dispose([gradient, zeros]);
  });

  it("leaves a parameter that never had a gradient bit-identical", async () => {
    const untouched = parameter([0.1, -0.2, 1e-20]);
    for (const step of [1, 2, 3]) applyAdamW([untouched], [undefined], { learningRate: 0.1, step });
    expect([...(await untouched.variable.data())]).toEqual([...Float32Array.of(0.1, -0.2, 1e-20)]);
  });

  it("leaves no tensors behind", () => {
    const parameters = [parameter([1, 2]), parameter([3, 4])];
    const before = tf.memory().numTensors;
    applyAdamW(parameters, [undefined, undefined], { learningRate: 0.1, step: 1 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("applyAdamW on a backend with the kernel ApplyAdamW", () => {
  afterEach(() => tf.unregisterKernel("ApplyAdamW", "cpu"));

  it("passes it lists and settings, with zeros for a missing gradient", async () => {
    const calls: { inputs: Record<string, tf.Tensor[]>; attrs: unknown; gradients: number[][] }[] = [];
    tf.registerKernel({
      kernelName: "ApplyAdamW",
      backendName: "cpu",
      kernelFunc: ({ inputs, attrs }) => {
        const lists = inputs as unknown as Record<string, tf.Tensor[]>;
        calls.push({ inputs: lists, attrs, gradients: lists.gradients!.map((gradient) => [...gradient.dataSync()]) });
        return [];
      },
    });
    const parameters = [parameter([1, 2], 0.1), parameter([3])];
    const gradient = tf.tensor1d([5, 6]);
    applyAdamW(parameters, [gradient, undefined], { learningRate: 0.25, step: 7 });
    expect(calls).toHaveLength(1);
    expect(calls[0]!.attrs).toEqual({
      learningRate: 0.25,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecays: [0.1, 0],
      step: 7,
    });
    expect(calls[0]!.gradients).toEqual([[5, 6], [0]]);
    expect(calls[0]!.inputs.parameters).toEqual(parameters.map(({ variable }) => variable));
    expect(calls[0]!.inputs.firstMoments).toEqual(parameters.map(({ firstMoment }) => firstMoment));
    expect(calls[0]!.inputs.secondMoments).toEqual(parameters.map(({ secondMoment }) => secondMoment));
    gradient.dispose();
  });
});
