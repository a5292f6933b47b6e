import { BackendError, useOnnxBackend } from "@mlan/backend-onnx";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { nativeBytes } from "./native-bytes.ts";

const NUMBERS = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

beforeAll(() => useOnnxBackend());

describe("ApplyAdamW", () => {
  test("agrees with PyTorch's formula over several steps, for sizes that are not a multiple of four", () => {
    for (const shape of [[0], [1], [3], [4], [5, 7], [2, 3, 11], [1000]]) {
      const size = tf.util.sizeFromShape(shape);
      const weightDecay = 0.1;
      const state = variables(shape);
      const expected = reference(Array.from(state.parameter.dataSync()));
      for (let step = 1; step <= 5; step++) {
        const gradient = wave(size, step);
        apply([state], [tf.tensor(gradient, shape)], { step, weightDecays: [weightDecay] });
        expected.update(gradient, step, weightDecay);
      }
      expectClose(state.parameter, expected.parameter);
      expectClose(state.firstMoment, expected.firstMoment);
      expectClose(state.secondMoment, expected.secondMoment);
    }
  });

  test("decays each parameter by its own weight decay", () => {
    const [decayed, kept] = [variables([3]), variables([3])];
    const before = Array.from(decayed.parameter.dataSync());
    apply([decayed, kept], [tf.zeros([3]), tf.zeros([3])], { step: 1, weightDecays: [0.5, 0] });
    expectClose(
      decayed.parameter,
      before.map((value) => value * (1 - NUMBERS.learningRate * 0.5)),
    );
    expectClose(kept.parameter, before);
  });

  test("computes pending gradients before it changes what they were recorded from", () => {
    const state = variables([4]);
    const before = Array.from(state.parameter.dataSync());
    const gradient = tf.mul(state.parameter, 2);
    const readLater = tf.add(state.parameter, 1);
    apply([state], [gradient], { step: 1, weightDecays: [0] });
    const expected = reference(before);
    expected.update(
      before.map((value) => value * 2),
      1,
      0,
    );
    expectClose(state.parameter, expected.parameter);
    expectClose(
      gradient,
      before.map((value) => value * 2),
    );
    expectClose(
      readLater,
      before.map((value) => value + 1),
    );
  });

  test("later operations read the new values", () => {
    const state = variables([5]);
    for (let step = 1; step <= 3; step++) {
      apply([state], [tf.ones([5])], { step, weightDecays: [0] });
      const doubled = tf.mul(state.parameter, 2).dataSync();
      expect(Array.from(doubled)).toEqual(Array.from(state.parameter.dataSync(), (value) => value * 2));
    }
  });

  test("clones and reshapes taken before an update keep the old values", () => {
    const state = variables([2, 3]);
    for (let step = 1; step <= 3; step++) {
      const before = Array.from(state.parameter.dataSync());
      const clone = tf.clone(state.parameter);
      const column = tf.reshape(state.parameter, [6, 1]);
      const moment = tf.clone(state.firstMoment);
      const momentBefore = Array.from(moment.dataSync());
      apply([state], [tf.ones([2, 3])], { step, weightDecays: [0.1] });
      expect(Array.from(clone.dataSync())).toEqual(before);
      expect(Array.from(column.dataSync())).toEqual(before);
      expect(Array.from(moment.dataSync())).toEqual(momentBefore);
      expect(Array.from(state.parameter.dataSync())).not.toEqual(before);
    }
  });

  test("gradients that outlive the next update keep their values", () => {
    const state = variables([3]);
    const kept = [1, 2, 3].map((step) => {
      const gradient = tf.mul(tf.ones([3]), step);
      apply([state], [gradient], { step, weightDecays: [0] });
      return gradient;
    });
    expect(kept.map((gradient) => Array.from(gradient.dataSync()))).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
  });

  test("works after a parameter and its moments were assigned new values", () => {
    const state = variables([3]);
    apply([state], [tf.ones([3])], { step: 1, weightDecays: [0] });
    state.parameter.assign(tf.tensor1d([1, 2, 3]));
    state.firstMoment.assign(tf.zeros([3]));
    state.secondMoment.assign(tf.zeros([3]));
    const expected = reference([1, 2, 3]);
    for (let step = 1; step <= 2; step++) {
      apply([state], [tf.ones([3])], { step, weightDecays: [0] });
      expected.update([1, 1, 1], step, 0);
    }
    expectClose(state.parameter, expected.parameter);
  });

  test("updates a group of which some parameters were updated before", () => {
    const [first, second] = [variables([3]), variables([3])];
    apply([first], [tf.ones([3])], { step: 1, weightDecays: [0] });
    const before = Array.from(first.parameter.dataSync());
    apply([second, first], [tf.ones([3]), tf.zeros([3])], { step: 2, weightDecays: [0, 0] });
    expect(Array.from(first.parameter.dataSync())).not.toEqual(before);
    expect(first.parameter.dataSync().every(Number.isFinite)).toBe(true);
    expect(second.parameter.dataSync().every(Number.isFinite)).toBe(true);
  });

  test("accepts one gradient for two parameters, and an empty group", () => {
    const [first, second] = [variables([3]), variables([3])];
    const gradient = tf.mul(tf.ones([3]), 0.5);
    apply([first, second], [gradient, gradient], { step: 1, weightDecays: [0, 0] });
    expect(Array.from(first.parameter.dataSync())).toEqual(Array.from(second.parameter.dataSync()));
    apply([], [], { step: 1, weightDecays: [] });
  });

  test("refuses invalid inputs, and changes nothing", () => {
    const state = variables([3]);
    const before = Array.from(state.parameter.dataSync());
    const ones = tf.ones([3]);
    const refused = (run: () => void, message: RegExp) => {
      let error: unknown;
      try {
        run();
      } catch (caught) {
        error = caught;
      }
      expect(BackendError.is(error, "invalid-options")).toBe(true);
      expect(String(error)).toMatch(message);
    };
    refused(
      () => apply([state], [tf.ones([4])], { step: 1, weightDecays: [0] }),
      /gradients\[0\] is float32 of shape \[4\]/,
    );
    refused(() => apply([state], [], { step: 1, weightDecays: [0] }), /gradients\[0\] is missing/);
    refused(() => apply([state], [ones], { step: 0, weightDecays: [0] }), /step 0/);
    refused(() => apply([state], [ones], { step: 1, weightDecays: [] }), /weightDecays\[0\]/);
    refused(() => apply([state], [ones], { step: 1, weightDecays: [Number.NaN] }), /weightDecays\[0\]/);
    refused(() => apply([state, state], [ones, ones], { step: 1, weightDecays: [0, 0] }), /twice/);
    expect(Array.from(state.parameter.dataSync())).toEqual(before);
  });

  test("a gradient that cannot be computed leaves everything unchanged", () => {
    const state = variables([2]);
    const before = Array.from(state.parameter.dataSync());
    const gradient = tf.reshape(
      tf.gather(tf.ones([2, 1]), tf.mul(tf.tensor1d([0, 7], "int32"), tf.scalar(1, "int32"))),
      [2],
    );
    expect(() => apply([state], [tf.mul(gradient, 2)], { step: 1, weightDecays: [0] })).toThrow(/GatherV2/);
    expect(Array.from(state.parameter.dataSync())).toEqual(before);
    apply([state], [tf.ones([2])], { step: 1, weightDecays: [0] });
    expect(Array.from(state.parameter.dataSync())).not.toEqual(before);
  });

  test("keeps tensors, data and process memory flat", () => {
    const states = [variables([100, 1000]), variables([1000])];
    let step = 0;
    const once = () =>
      tf.tidy(() => {
        const gradients = states.map(({ parameter }) => tf.mul(parameter, 0.1));
        apply(states, gradients, { step: ++step, weightDecays: [0, 0] });
      });
    for (let index = 0; index < 20; index++) once();
    const { numTensors, numDataBuffers } = tf.memory();
    const before = nativeBytes();
    for (let index = 0; index < 300; index++) once();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    // Leaking one gradient per step would be 120 MB.
    expect(nativeBytes() - before).toBeLessThan(40e6);
  });
});

test("the committed module is optimizers.wat, compiled", () => {
  const script = fileURLToPath(new URL("../scripts/compile-optimizers.mjs", import.meta.url));
  expect(spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
});

interface State {
  readonly parameter: tf.Variable;
  readonly firstMoment: tf.Variable;
  readonly secondMoment: tf.Variable;
}

function variables(shape: number[]): State {
  return {
    parameter: tf.tidy(() => tf.variable(tf.tensor(wave(tf.util.sizeFromShape(shape), 0), shape))),
    firstMoment: tf.tidy(() => tf.variable(tf.zeros(shape))),
    secondMoment: tf.tidy(() => tf.variable(tf.zeros(shape))),
  };
}

function apply(
  states: readonly State[],
  gradients: readonly tf.Tensor[],
  attributes: { step: number; weightDecays: number[] },
): void {
  const inputs: {} = {
    parameters: states.map(({ parameter }) => parameter),
    gradients,
    firstMoments: states.map(({ firstMoment }) => firstMoment),
    secondMoments: states.map(({ secondMoment }) => secondMoment),
  };
  tf.engine().runKernel("ApplyAdamW", inputs, { ...NUMBERS, ...attributes });
}

/** `torch.optim.AdamW` in float64 (torch/optim/adamw.py, single tensor). */
function reference(initial: readonly number[]) {
  const parameter = [...initial];
  const firstMoment = parameter.map(() => 0);
  const secondMoment = parameter.map(() => 0);
  const { learningRate, beta1, beta2, epsilon } = NUMBERS;
  return {
    parameter,
    firstMoment,
    secondMoment,
    update(gradient: readonly number[], step: number, weightDecay: number) {
      gradient.forEach((g, index) => {
        const m = beta1 * firstMoment[index]! + (1 - beta1) * g;
        const v = beta2 * secondMoment[index]! + (1 - beta2) * g * g;
        const denominator = Math.sqrt(v) / Math.sqrt(1 - beta2 ** step) + epsilon;
        parameter[index] =
          parameter[index]! * (1 - learningRate * weightDecay) -
          ((learningRate / (1 - beta1 ** step)) * m) / denominator;
        firstMoment[index] = m;
        secondMoment[index] = v;
      });
    },
  };
}

/** Numbers of both signs and several magnitudes. A number keeps its sign, so that moments do not cancel out. */
function wave(size: number, phase: number): number[] {
  return Array.from({ length: size }, (_, index) =>
    Math.fround(Math.sin(index * 1.7 + 1) * (1 + phase / 10) * 10 ** ((index % 5) - 2)),
  );
}

function expectClose(actual: tf.Tensor, expected: readonly number[]): void {
  actual.dataSync().forEach((value, index) => {
    const target = expected[index]!;
    expect(Math.abs(value - target), `element ${index}`).toBeLessThanOrEqual(2e-6 * Math.abs(target) + 2e-8);
  });
}
