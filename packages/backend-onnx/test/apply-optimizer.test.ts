import { readFileSync } from "node:fs";
import { BackendError, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";

beforeAll(() => useOnnxBackend());
afterEach(() => tf.disposeVariables());

const variable = (values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));
const numbersOf = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

function run(kernelName: string, inputs: Readonly<Record<string, unknown>>, attributes: {} = {}): void {
  const given: {} = inputs;
  tf.engine().runKernel(kernelName, given, attributes);
}

describe("ApplySgd and ApplyMomentum", () => {
  test.each([1, 3, 4, 5, 17, 1000])("update %d elements as written in torch.optim.SGD", (size) => {
    const start = Array.from({ length: size }, (_, index) => Math.fround(Math.sin(index + 1)));
    const slope = Array.from({ length: size }, (_, index) => Math.fround(Math.cos(index) * 10 ** ((index % 5) - 2)));
    const [rate, decay, momentum] = [0.1, 0.5, 0.9];
    for (const nesterov of [undefined, false, true]) {
      const parameter = variable(start);
      const velocity = variable(start.map(() => 0));
      const expected = start.map((value) => ({ value, velocity: 0 }));
      const gradient = tf.tensor1d(slope);
      for (let step = 0; step < 3; step++) {
        const lists = { parameters: [parameter], gradients: [gradient] };
        const attributes = { learningRate: rate, weightDecays: [decay] };
        if (nesterov === undefined) run("ApplySgd", lists, attributes);
        else run("ApplyMomentum", { ...lists, velocities: [velocity] }, { ...attributes, momentum, nesterov });
        expected.forEach((state, index) => {
          const decayed = slope[index]! + decay * state.value;
          state.velocity = nesterov === undefined ? 0 : momentum * state.velocity + decayed;
          const direction = nesterov === false ? state.velocity : decayed + momentum * state.velocity;
          state.value -= rate * direction;
        });
      }
      const [values, velocities] = [numbersOf(parameter), numbersOf(velocity)];
      expected.forEach((state, index) => {
        expect(values[index]).toBeCloseTo(state.value, 4);
        expect(velocities[index]).toBeCloseTo(state.velocity, 4);
      });
      gradient.dispose();
    }
  });

  test("a parameter may go from one optimizer to another", () => {
    const [parameter, velocity] = [variable([1, 2]), variable([0, 0])];
    const gradients = [tf.ones([2])];
    const attributes = { learningRate: 0.5, weightDecays: [0] };
    run("ApplySgd", { parameters: [parameter], gradients }, attributes);
    run(
      "ApplyMomentum",
      { parameters: [parameter], gradients, velocities: [velocity] },
      { ...attributes, momentum: 0.5 },
    );
    run("ApplySgd", { parameters: [parameter], gradients }, attributes);
    expect(numbersOf(parameter)).toEqual([-0.5, 0.5]);
    expect(numbersOf(velocity)).toEqual([1, 1]);
    tf.dispose(gradients);
  });
});

describe("learning rate and step", () => {
  test("may be scalar tensors, read when the update runs", () => {
    const parameter = variable([8]);
    const gradients = [tf.ones([1])];
    const rate = variable([1]);
    for (const expected of [7, 6.5, 6.25]) {
      // Not computed before the kernel reads it.
      const learningRate = tf.tidy(() => tf.reshape(tf.mul(rate, 1), []));
      run("ApplySgd", { parameters: [parameter], gradients, learningRate }, { weightDecays: [0] });
      expect(numbersOf(parameter)).toEqual([expected]);
      learningRate.dispose();
      rate.assign(tf.tidy(() => tf.div(rate, 2)));
    }
    tf.dispose(gradients);
  });

  test("are refused when they are missing, invalid, not scalars, or given twice", () => {
    const [parameter, velocity] = [variable([8]), variable([0])];
    const lists = { parameters: [parameter], gradients: [tf.ones([1])] };
    const weightDecays = [0];
    const refused = (kernelName: string, inputs: {}, attributes: {}, message: RegExp): void => {
      let error: unknown;
      try {
        run(kernelName, { ...lists, ...inputs }, { weightDecays, ...attributes });
      } catch (caught) {
        error = caught;
      }
      expect(BackendError.is(error, "invalid-options")).toBe(true);
      expect(String(error)).toMatch(message);
    };
    refused("ApplySgd", {}, {}, /ApplySgd changed nothing: the attribute learningRate is undefined/);
    refused("ApplySgd", { learningRate: tf.scalar(NaN) }, {}, /the input learningRate is NaN/);
    refused("ApplySgd", { learningRate: tf.ones([1]) }, {}, /the input learningRate is not a scalar/);
    refused(
      "ApplySgd",
      { learningRate: tf.scalar(1) },
      { learningRate: 1 },
      /learningRate is both an input and an attribute/,
    );
    refused("ApplyMomentum", {}, {}, /the input velocities is not a list/);
    const velocities = { velocities: [velocity] };
    refused("ApplyMomentum", velocities, { learningRate: 1 }, /the attribute momentum is undefined/);
    const momentum = { learningRate: 1, momentum: 0.9 };
    refused("ApplyMomentum", velocities, { ...momentum, nesterov: 1 }, /nesterov is 1, not true or false/);
    refused("ApplyMomentum", { velocities: [parameter] }, momentum, /twice in parameters, velocities/);
    const moments = { firstMoments: [velocity], secondMoments: [variable([0])] };
    const numbers = { learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1e-8 };
    refused(
      "ApplyAdamW",
      { ...moments, step: tf.scalar(0, "int32") },
      numbers,
      /step 0 is not a whole number, 1 or more/,
    );
    refused("ApplyAdamW", { ...moments, step: tf.scalar(1.5) }, numbers, /step 1.5 is not a whole number, 1 or more/);
    expect(numbersOf(parameter)).toEqual([8]);
    expect(numbersOf(velocity)).toEqual([0]);
  });
});

describe("memory", () => {
  /** 10 MB each. */
  const SHAPE = [2500, 1000];
  const COUNT = 8;

  const pending = (value: number): tf.Tensor => tf.broadcastTo(tf.scalar(value), SHAPE);

  function adamW(initial = () => pending(0.5)): { readonly states: tf.Variable[][]; readonly update: () => void } {
    const states = Array.from({ length: COUNT }, () =>
      [initial, () => pending(0), () => pending(0)].map((make) => tf.tidy(() => tf.variable(make()))),
    );
    const [parameters, firstMoments, secondMoments] = [0, 1, 2].map((place) => states.map((state) => state[place]!));
    let step = 0;
    const update = (): void =>
      tf.tidy(() => {
        const gradients = parameters!.map((parameter) => tf.mul(parameter, 0.1));
        const numbers = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: ++step };
        run(
          "ApplyAdamW",
          { parameters, gradients, firstMoments, secondMoments },
          { ...numbers, weightDecays: states.map(() => 0) },
        );
      });
    return { states, update };
  }

  test.runIf(process.platform === "linux")(
    "what was written moves one tensor at a time, what is pending is computed in place",
    () => {
      const values = new Float32Array(2.5e6).fill(0.5);
      const { states, update } = adamW(() => tf.tensor(values, SHAPE));
      const { rss } = process.memoryUsage();
      const { leafBytes, resultBytes } = onnxStatistics();
      update();
      // Gradients and two moments of 80 MB each, and one tensor. Moving all parameters at once would take 80 MB more;
      // computing moments elsewhere, 160 MB more.
      expect(peakBytes() - rss).toBeLessThan(240e6 + 45e6);
      expect(onnxStatistics().resultBytes).toBe(resultBytes);
      expect(leafBytes - onnxStatistics().leafBytes).toBeGreaterThanOrEqual(COUNT * 10e6);
      expect(states[0]![0]!.dataSync()[0]).toBeCloseTo(0.4, 5);
      tf.dispose(states);
    },
  );

  test("a group that is disposed leaves no slots behind, however often", () => {
    const { slotBytes } = onnxStatistics();
    for (let round = 0; round < 4; round++) {
      const { states, update } = adamW();
      update();
      expect(onnxStatistics().slotBytes - slotBytes).toBe(4 * COUNT * 10e6);
      tf.dispose(states);
      expect(onnxStatistics().slotBytes).toBe(slotBytes);
    }
    // 1.3 GB in all; the garbage collector frees memories without slots.
    expect(process.memoryUsage().rss).toBeLessThan(1e9);
  });

  test("other owners of a pending parameter keep its value", () => {
    const pending = tf.add(tf.ones([4]), 1);
    const clone = tf.clone(pending);
    const parameter = tf.variable(pending);
    run("ApplySgd", { parameters: [parameter], gradients: [tf.ones([4])] }, { learningRate: 1, weightDecays: [0] });
    expect(numbersOf(parameter)).toEqual([1, 1, 1, 1]);
    expect(numbersOf(clone)).toEqual([2, 2, 2, 2]);
  });

  test("the next update starts from a parameter's pending new value", () => {
    const parameter = variable([1, 2]);
    const gradients = [tf.ones([2])];
    for (let step = 0; step < 3; step++) {
      parameter.assign(tf.tidy(() => tf.mul(parameter, 2)));
      run("ApplySgd", { parameters: [parameter], gradients }, { learningRate: 1, weightDecays: [0] });
    }
    expect(numbersOf(parameter)).toEqual([1, 9]);
  });
});

/** Returns the largest resident set of the process so far. */
function peakBytes(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
}
