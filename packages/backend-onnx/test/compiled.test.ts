import { BackendError, compiled, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(() => useOnnxBackend({ threads: 2 }));

const row = (...values: number[]): tf.Tensor1D => tf.tensor1d(values);

describe("a compiled function", () => {
  it("runs its own code once per signature, and returns what the plain function returns", async () => {
    let calls = 0;
    const fn = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
      calls++;
      return tf.add(tf.mul(x, 2), tf.softmax(y));
    };
    const fast = compiled(fn);
    for (const [x, y] of [
      [row(1, 2), row(3, 4)],
      [row(5, 6), row(-1, 1)],
      [row(0, 0), row(9, 9)],
    ] as const) {
      expect([...(await fast(x, y).data())]).toEqual([...(await fn(x, y).data())]);
    }
    expect(calls).toBe(1 + 3);
    fast(row(1, 2, 3), row(1, 2, 3));
    fast(row(1, 2, 3), row(1, 2, 3));
    expect(calls).toBe(5);
    expect(fast.signatures).toBe(2);
  });

  it("records nothing when it is called again: no graph is compiled", async () => {
    const fast = compiled((x: tf.Tensor) => tf.sin(tf.mul(x, 3)));
    fast(row(1)).dispose();
    const before = onnxStatistics();
    await fast(row(2)).data();
    const after = onnxStatistics();
    expect(after.compiled).toBe(before.compiled);
    expect(after.runs).toBe(before.runs + 1);
  });

  it("binds two arguments that share their data one by one", () => {
    const fast = compiled((x: tf.Tensor, y: tf.Tensor) => tf.sub(x, y));
    const x = row(1, 2);
    expect([...fast(x, x).dataSync()]).toEqual([0, 0]);
    expect([...fast(row(5, 5), row(1, 2)).dataSync()]).toEqual([4, 3]);
  });

  it("takes and returns structures of tensors, and distinguishes other values", () => {
    const fast = compiled(({ x, power }: { x: tf.Tensor; power: number }) => ({
      powers: [tf.pow(x, power), tf.pow(x, power + 1)],
      name: "powers",
    }));
    const { powers, name } = fast({ x: row(2), power: 2 });
    expect(name).toBe("powers");
    expect(powers.map((tensor) => tensor.dataSync()[0])).toEqual([4, 8]);
    expect(fast({ x: row(3), power: 2 }).powers[1]?.dataSync()[0]).toBeCloseTo(27, 4);
    expect(fast({ x: row(3), power: 3 }).powers[0]?.dataSync()[0]).toBeCloseTo(27, 4);
    expect(fast.signatures).toBe(2);
  });

  it("passes arguments, variables and captured tensors on without taking them", () => {
    const variable = tf.variable(row(7));
    const captured = row(8);
    const fast = compiled((x: tf.Tensor) => [x, tf.reshape(x, [1, 1]), variable, captured, x]);
    for (const value of [1, 2]) {
      const x = row(value);
      const results = fast(x);
      expect(results.map((result) => result.dataSync()[0])).toEqual([value, value, 7, 8, value]);
      expect(results[1]?.shape).toEqual([1, 1]);
      x.dispose();
      expect(results[1]?.dataSync()[0]).toBe(value);
      tf.dispose(results);
    }
    expect(variable.dataSync()[0]).toBe(7);
    expect(captured.dataSync()[0]).toBe(8);
  });

  it("reads the variables' current values, and assigns them", () => {
    const total = tf.variable(row(0));
    const add = compiled((x: tf.Tensor1D) => {
      total.assign(tf.add(total, x));
      return tf.mul(total, 10);
    });
    expect(add(row(1)).dataSync()[0]).toBe(10);
    expect(add(row(2)).dataSync()[0]).toBe(30);
    total.assign(row(100));
    expect(add(row(3)).dataSync()[0]).toBe(1030);
    expect(total.dataSync()[0]).toBe(103);
  });

  it("distinguishes variables that were made from one tensor", () => {
    const zero = row(0);
    const [left, right] = [tf.variable(zero), tf.variable(zero)];
    const step = compiled((x: tf.Tensor1D) => {
      left.assign(tf.add(left, x));
      return tf.stack([left, right]);
    });
    step(row(1));
    right.assign(row(50));
    expect([...step(row(1)).dataSync()]).toEqual([2, 50]);
  });

  it("computes gradients inside, and refuses to be differentiated from outside", () => {
    const square = compiled((x: tf.Tensor) => tf.grad((y: tf.Tensor) => tf.square(y))(x));
    expect([...square(row(3)).dataSync()]).toEqual([6]);
    expect([...square(row(4)).dataSync()]).toEqual([8]);
    const forward = compiled((x: tf.Tensor) => tf.square(x));
    expect(() => tf.grad((x: tf.Tensor) => forward(x))(row(1))).toThrow(
      /Compile the function that computes the gradient/,
    );
  });

  it("does not rely on the numbers of its first call", () => {
    const power = compiled((x: tf.Tensor, exponent: tf.Tensor) => tf.pow(x, exponent));
    const ofOne = (exponent: number): number | undefined => power(row(1), tf.scalar(exponent)).dataSync()[0];
    expect([2, NaN, Infinity].map(ofOne)).toEqual([1, NaN, NaN]);
    const exponent = tf.variable(tf.scalar(2));
    const byVariable = compiled((x: tf.Tensor) => tf.pow(x, exponent));
    expect(byVariable(row(1)).dataSync()[0]).toBe(1);
    exponent.assign(tf.scalar(NaN));
    expect(byVariable(row(1)).dataSync()[0]).toBeNaN();
    const inSegments = compiled((x: tf.Tensor, exponent: tf.Tensor) => {
      const doubled = tf.mul(exponent, 2);
      tf.engine().runKernel("SegmentBoundary", {});
      return tf.pow(x, doubled);
    });
    expect(inSegments(row(1), tf.scalar(1)).dataSync()[0]).toBe(1);
    expect(inSegments(row(1), tf.scalar(NaN)).dataSync()[0]).toBeNaN();
  });

  it("takes arguments and variables whose data was made in another shape", () => {
    const values = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const weight = tf.variable(tf.tensor2d([1, 0, 0, 1], [2, 2]));
    const times = compiled((x: tf.Tensor2D) => tf.matMul(x, weight as tf.Tensor2D));
    const product = (x: tf.Tensor): number[] => [...times(x as tf.Tensor2D).dataSync()];
    expect(product(values)).toEqual([1, 2, 3, 4]);
    expect(product(tf.reshape(row(5, 6, 7, 8), [2, 2]))).toEqual([5, 6, 7, 8]);
    weight.assign(tf.reshape(row(0, 1, 1, 0), [2, 2]));
    expect(product(values)).toEqual([2, 1, 4, 3]);
    expect(product(tf.reshape(row(5, 6, 7, 8), [2, 2]))).toEqual([6, 5, 8, 7]);
    expect(times.signatures).toBe(1);
  });

  it("reports an index that is out of range, even in a later call, and works afterwards", () => {
    const table = row(1, 2, 3);
    const fast = compiled((indices: tf.Tensor1D) => tf.gather(table, indices));
    const at = (index: number): number | undefined => fast(tf.tensor1d([index], "int32")).dataSync()[0];
    expect(at(2)).toBe(3);
    const { numTensors } = tf.memory();
    expect(() => at(3)).toThrow(/GatherV2/);
    expect(() => at(-1)).toThrow(/GatherV2/);
    expect(tf.memory().numTensors).toBe(numTensors + 2);
    expect(at(0)).toBe(1);
  });

  it("leaks nothing over many calls", () => {
    const weight = tf.variable(row(1, 2));
    const step = compiled((x: tf.Tensor1D) => {
      weight.assign(tf.add(weight, tf.mul(x, 0.1)));
      return tf.sum(weight);
    });
    const x = row(1, 1);
    step(x).dispose();
    const before = tf.memory();
    for (let call = 0; call < 200; call++) step(x).dispose();
    expect(tf.memory()).toEqual(before);
  });

  it("refuses to read data, to create variables in every call, and arguments that it cannot bind", () => {
    expect(() => compiled((x: tf.Tensor) => tf.scalar(x.dataSync()[0] ?? 0))(row(1))).toThrow(/reads a tensor/);
    const making = compiled((x: tf.Tensor) => tf.add(tf.variable(x), 1));
    const make = (): void => {
      for (let call = 0; call < 5; call++) making(row(call));
    };
    expect(make).toThrow(/creates new variables in every call/);
    const typed = compiled((x: never) => x);
    expect(() => typed(new Float32Array(2) as never)).toThrow(/not a Float32Array/);
    expect(() => compiled((x: tf.Tensor) => x, { signatures: 0 })).toThrow(BackendError);
  });

  it("works after an error inside, and names a disposed argument", () => {
    let broken = true;
    const fast = compiled((x: tf.Tensor) => {
      if (broken) throw new Error("not today");
      return tf.neg(x);
    });
    expect(() => fast(row(1))).toThrow("not today");
    broken = false;
    expect(fast(row(1)).dataSync()[0]).toBe(-1);
    const gone = row(3);
    gone.dispose();
    expect(() => fast(gone)).toThrow(/disposed/);
    const pair = compiled((x: tf.Tensor, y: tf.Tensor) => tf.add(x, y));
    const kept = row(5);
    const { numTensors } = tf.memory();
    expect(() => pair(kept, gone)).toThrow(/disposed/);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fast(row(4)).dataSync()[0]).toBe(-4);
  });

  it("keeps a bounded number of plans, and gives all up when disposed", () => {
    const fast = compiled((x: tf.Tensor) => tf.add(x, 1), { signatures: 2 });
    for (let length = 1; length <= 4; length++) fast(tf.ones([length]));
    expect(fast.signatures).toBe(2);
    fast.dispose();
    expect(fast.signatures).toBe(0);
    expect([...fast(tf.ones([2])).dataSync()]).toEqual([2, 2]);
  });

  it("is the plain function on a different backend", async () => {
    const fast = compiled((x: tf.Tensor) => tf.add(x, 1));
    await tf.setBackend("cpu");
    try {
      expect([...fast(row(1)).dataSync()]).toEqual([2]);
    } finally {
      await tf.setBackend("onnx");
    }
  });
});
