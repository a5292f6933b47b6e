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

  it.each([
    ["sgd", () => tf.train.sgd(0.1)],
    ["momentum", () => tf.train.momentum(0.1, 0.9)],
    ["adam", () => tf.train.adam(0.1)],
  ] as const)("trains with tfjs's %s as the plain step does", (_, optimizer) => {
    const train = (compile: boolean): number[] => {
      const weight = tf.variable(tf.tensor2d([0.5, -0.3, 0.8, 0.1], [2, 2]));
      const rule = optimizer();
      const plain = (x: tf.Tensor2D): tf.Scalar => {
        const loss = rule.minimize(() => tf.mean(tf.square(tf.sub(tf.matMul(x, weight), x))), true, [weight]);
        if (loss === null) throw new Error("minimize was asked for its loss");
        return loss;
      };
      const step = compile ? compiled(plain) : plain;
      return Array.from({ length: 6 }, (_, index) => {
        const x = tf.tensor2d([1, 2, 3, index], [2, 2]);
        return tf.tidy(() => step(x).dataSync()[0] ?? NaN);
      });
    };
    expect(train(true)).toEqual(train(false));
  });

  it("updates in place by an optimizer's kernel, with accumulated gradients", () => {
    const train = (compile: boolean): number[] => {
      const weight = tf.variable(tf.tensor2d([0.5, -0.3, 0.8, 0.1], [2, 2]));
      const [sum, first, second] = [0, 1, 2].map(() => tf.variable(tf.zeros([2, 2])));
      if (!sum || !first || !second) throw new Error("three variables were made");
      const gradient = (x: tf.Tensor): tf.Tensor =>
        tf.grad((w: tf.Tensor) => tf.mean(tf.square(tf.sub(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), x))))(weight);
      const accumulate = (x: tf.Tensor): void => sum.assign(tf.add(sum, gradient(x)));
      const update = (x: tf.Tensor, step: tf.Scalar): tf.Tensor => {
        const inputs: {} = {
          step,
          parameters: [weight],
          gradients: [tf.add(sum, gradient(x))],
          firstMoments: [first],
          secondMoments: [second],
        };
        const numbers = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecays: [0.01] };
        tf.engine().runKernel("ApplyAdamW", inputs as tf.NamedTensorMap, numbers);
        sum.assign(tf.zerosLike(sum));
        return tf.sum(tf.abs(weight));
      };
      const [addUp, apply] = compile
        ? [compiled(accumulate as () => undefined), compiled(update)]
        : [accumulate, update];
      return Array.from({ length: 5 }, (_, index) => {
        (addUp as (x: tf.Tensor) => void)(tf.tensor2d([1, 2, 3, index], [2, 2]));
        const step = tf.scalar(index + 1, "int32");
        return (apply as typeof update)(tf.tensor2d([index, 2, 1, 0], [2, 2]), step).dataSync()[0] ?? NaN;
      });
    };
    expect(train(true)).toEqual(train(false));
  });

  it("calls an optimizer's functions in every call, and changes nothing while its guard is not finite", () => {
    const train = (compile: boolean): number[][] => {
      const [weight, first, second] = [0.5, 0, 0].map((value) => tf.variable(tf.mul(tf.ones([3]), value)));
      const now = { learningRate: 0, step: 0 };
      const update = (x: tf.Tensor): tf.Scalar => {
        const gradient = tf.sqrt(x);
        const guard = tf.sum<tf.Scalar>(gradient);
        const inputs: {} = {
          guard,
          parameters: [weight],
          gradients: [gradient],
          firstMoments: [first],
          secondMoments: [second],
        };
        const numbers: {} = {
          learningRate: () => now.learningRate,
          step: () => now.step,
          weightDecays: [0.01],
          ...BETAS,
        };
        tf.engine().runKernel("ApplyAdamW", inputs, numbers);
        return guard;
      };
      const apply = compile ? compiled(update) : update;
      return [1, -1, 4, -4, 9].map((value, index) => {
        // Not a float32.
        Object.assign(now, { learningRate: 0.1 / (index + 1), step: index + 1 });
        const [sum = NaN] = apply(row(value, 1, 1)).dataSync();
        expect(Number.isFinite(sum)).toBe(value > 0);
        return [...(weight?.dataSync() ?? [])];
      });
    };
    const found = train(true);
    expect(found).toEqual(train(false));
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).not.toEqual(found[1]);
    expect(found[3]).toEqual(found[2]);
    expect(found[4]).not.toEqual(found[3]);
  });

  it("refuses an optimizer's step that would never change", () => {
    const [weight, first, second] = [0, 1, 2].map(() => tf.variable(tf.zeros([2])));
    const step = compiled((gradient: tf.Tensor) => {
      const inputs: {} = {
        parameters: [weight],
        gradients: [gradient],
        firstMoments: [first],
        secondMoments: [second],
      };
      const numbers = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecays: [0], step: 1 };
      tf.engine().runKernel("ApplyAdamW", inputs as tf.NamedTensorMap, numbers);
    });
    expect(() => step(row(1, 1))).toThrow(/the same in every call.*scalar tensor/);
    expect([...(weight?.dataSync() ?? [])]).toEqual([0, 0]);
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

describe("frozen tensors of a compiled function", () => {
  const product =
    (weight: tf.Tensor2D) =>
    (x: tf.Tensor2D): tf.Tensor2D =>
      tf.add(tf.matMul(x, weight, false, true), tf.sum(tf.gather(weight, tf.tensor1d([1], "int32"))));

  it("have the same results as inputs of the graph", () => {
    const weight = tf.randomNormal<tf.Rank.R2>([64, 32], 0, 1, "float32", 1);
    const fast = compiled(product(weight), { frozen: [weight] });
    for (const rows of [1, 3, 3, 1]) {
      const x = tf.randomNormal<tf.Rank.R2>([rows, 32], 0, 1, "float32", rows);
      const expected = product(weight)(x).dataSync();
      fast(x)
        .dataSync()
        .forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 4));
    }
    expect(fast.signatures).toBe(2);
    const before = onnxStatistics().compiled;
    fast(tf.ones([3, 32])).dispose();
    expect(onnxStatistics().compiled).toBe(before);
  });

  it("may be results of the backend", () => {
    const weight = tf.mul<tf.Tensor2D>(tf.tensor2d([1, 2, 3, 4], [2, 2]), 2);
    const fast = compiled(product(weight), { frozen: [weight] });
    for (const x of [tf.tensor2d([1, 1], [1, 2]), tf.tensor2d([1, 0], [1, 2])])
      expect([...fast(x).dataSync()]).toEqual([...product(weight)(x).dataSync()]);
    expect([...weight.dataSync()]).toEqual([2, 4, 6, 8]);
  });

  it("may change: the function is recorded again", () => {
    const weight = tf.variable(tf.tensor2d([1, 2, 3, 4], [2, 2]));
    const fast = compiled((x: tf.Tensor2D) => tf.matMul(x, weight as tf.Tensor2D), { frozen: [weight] });
    const x = tf.tensor2d([1, 1], [1, 2]);
    expect([...fast(x).dataSync()]).toEqual([4, 6]);
    const before = onnxStatistics().compiled;
    weight.assign(tf.tensor2d([1, 1, 1, 1], [2, 2]));
    expect([...fast(x).dataSync()]).toEqual([2, 2]);
    // Fed, it would need no other graph.
    expect(onnxStatistics().compiled).toBe(before + 1);
    const inputs: {} = { parameters: [weight], gradients: [tf.ones([2, 2])] };
    tf.engine().runKernel("ApplySgd", inputs as tf.NamedTensorMap, { learningRate: 0.5, weightDecays: [0] });
    expect([...fast(x).dataSync()]).toEqual([1, 1]);
    expect([...fast(x).dataSync()]).toEqual([1, 1]);
    tf.engine().runKernel("ApplySgd", inputs as tf.NamedTensorMap, { learningRate: 0.5, weightDecays: [0] });
    expect([...fast(x).dataSync()]).toEqual([0, 0]);
  });
});

const BETAS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
