import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(() => useOnnxBackend({ threads: 2 }));

const row = (...values: number[]): tf.Tensor1D => tf.tensor1d(values);
const BETAS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

describe("a compiled training step", () => {
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
});
