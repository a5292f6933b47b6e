import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

/** A computation and its correct result on every backend. */
interface Case {
  readonly name: string;
  readonly run: () => tf.Tensor;
  readonly expected: readonly number[];
}

const CASES: readonly Case[] = [
  {
    name: "broadcast add",
    run: () => tf.add(tf.tensor2d([[1], [2]]), tf.tensor1d([10, 20])),
    expected: [11, 21, 12, 22],
  },
  {
    name: "int32 division truncates",
    run: () => tf.floorDiv(tf.tensor1d([7, -7], "int32"), tf.scalar(2, "int32")),
    expected: [3, -4],
  },
  { name: "floor modulus", run: () => tf.mod(tf.tensor1d([5, -5]), tf.scalar(3)), expected: [2, 1] },
  {
    name: "matrix product, transposed",
    run: () =>
      tf.matMul(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
        tf.tensor2d([
          [5, 6],
          [7, 8],
        ]),
        true,
        false,
      ),
    expected: [26, 30, 38, 44],
  },
  { name: "mean of int32 is a float", run: () => tf.mean(tf.tensor1d([1, 2], "int32")), expected: [1.5] },
  { name: "comparison", run: () => tf.greater(tf.tensor1d([1, 3]), tf.tensor1d([2, 2])), expected: [0, 1] },
  {
    name: "slice",
    run: () =>
      tf.slice(
        tf.tensor2d([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        [0, 1],
        [2, 2],
      ),
    expected: [2, 3, 5, 6],
  },
  {
    name: "gather rows",
    run: () =>
      tf.gather(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
        tf.tensor1d([1, 1], "int32"),
      ),
    expected: [3, 4, 3, 4],
  },
  {
    name: "transpose",
    run: () =>
      tf.transpose(
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ),
    expected: [1, 3, 2, 4],
  },
  { name: "maximum without NaN", run: () => tf.relu(tf.tensor1d([-1, Infinity])), expected: [0, Infinity] },
  {
    name: "index of the maximum",
    run: () =>
      tf.argMax(
        tf.tensor2d([
          [1, 9, 3],
          [7, 5, 6],
        ]),
        1,
      ),
    expected: [1, 0],
  },
];

/** Differentiable functions, each with its derivative at `x`. */
const GRADIENTS: readonly {
  name: string;
  f: (x: tf.Tensor) => tf.Tensor;
  x: readonly number[];
  expected: readonly number[];
}[] = [
  { name: "square", f: (x) => tf.sum(tf.square(x)), x: [1, -2], expected: [2, -4] },
  { name: "sigmoid", f: (x) => tf.sum(tf.sigmoid(x)), x: [0], expected: [0.25] },
  { name: "softmax against one", f: (x) => tf.slice(tf.softmax(x), [0], [1]), x: [0, 0], expected: [0.25, -0.25] },
  {
    name: "gather with repeated rows",
    f: (x) => tf.sum(tf.gather(x, tf.tensor1d([0, 0, 1], "int32"))),
    x: [5, 6],
    expected: [2, 1],
  },
  { name: "reciprocal square root", f: (x) => tf.sum(tf.rsqrt(x)), x: [4], expected: [-1 / 16] },
];

/** Declares the contract tests of TensorFlow.js backends: correct values and gradients, and constant memory. */
export function describeTensorBackendContract(name: string, useBackend: () => Promise<void>): void {
  describe(`backend ${name} keeps the tensor backend contract`, () => {
    beforeAll(useBackend);

    it("is in use", () => expect(tf.getBackend()).toBe(name));

    it.each(CASES)("computes $name", async ({ run, expected }) => expectClose(tf.tidy(run), expected));

    it.each(GRADIENTS)("differentiates $name", async ({ f, x, expected }) => {
      await expectClose(
        tf.tidy(() => tf.grad((input) => tf.reshape<tf.Rank.R0>(f(input), []))(tf.tensor1d([...x]))),
        expected,
      );
    });

    it("returns the same values from data() and dataSync()", async () => {
      const tensor = tf.tidy(() => tf.exp(tf.tensor1d([0, 1])));
      expect([...(await tensor.data())]).toEqual([...tensor.dataSync()]);
      tensor.dispose();
    });

    it("lets variables change without changing what was computed from them", async () => {
      const variable = tf.variable(tf.tensor1d([1, 2]));
      const before = tf.tidy(() => tf.add(variable, 1));
      tf.tidy(() => variable.assign(tf.tensor1d([10, 20])));
      await expectClose(before, [2, 3]);
      expect([...(await variable.data())]).toEqual([10, 20]);
      variable.dispose();
    });

    it("keeps its memory flat", async () => {
      const step = async (): Promise<void> => {
        const result = tf.tidy(() => tf.sum(tf.matMul(tf.ones([4, 4]), tf.ones([4, 4]))));
        await result.data();
        result.dispose();
      };
      await step();
      const { numTensors, numBytes } = tf.memory();
      for (let index = 0; index < 20; index++) await step();
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    });
  });
}

async function expectClose(actual: tf.Tensor, expected: readonly number[]): Promise<void> {
  const values = [...(await actual.data())];
  actual.dispose();
  expect(values.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    if (Number.isFinite(value)) expect(values[index]).toBeCloseTo(value, 5);
    else expect(values[index]).toBe(value);
  }
}
