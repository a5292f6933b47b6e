import { attention, constantProduct, detached, residual, splitHeads, valueAndGradients } from "@mlan/fused-ops";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

let fixed: tf.Tensor2D;
beforeAll(async () => {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  fixed = tf.tidy(() => tf.keep(tf.ones([3, 4])));
});

describe("detached", () => {
  it("returns a constant for gradients", () => {
    const gradient = tf.grad((x: tf.Tensor) =>
      tf.mul(
        x,
        detached(() => tf.square(x)),
      ),
    );
    expect(gradient(tf.scalar(3)).dataSync()[0]).toBe(9);
  });

  it("keeps nothing of what it computes", () => {
    const long = (x: tf.Tensor): tf.Tensor => Array.from({ length: 20 }).reduce<tf.Tensor>((y) => tf.mul(y, 1.01), x);
    const tensorsWith = (fn: (x: tf.Tensor) => tf.Tensor): number => {
      let tensors = 0;
      const gradient = tf.grad((x: tf.Tensor) => {
        const y = tf.mul(
          tf.tidy(() => fn(x)),
          x,
        );
        tensors = tf.memory().numTensors;
        return y;
      });
      const before = tf.memory().numTensors;
      tf.tidy(() => gradient(tf.scalar(1)));
      return tensors - before;
    };
    expect(tensorsWith(long)).toBeGreaterThan(20);
    expect(tensorsWith((x) => detached(() => long(x)))).toBeLessThan(10);
  });
});

describe("a gradient", () => {
  /** Returns `value`, and reports the bytes in memory when its gradient is computed. */
  function watched(value: tf.Tensor4D, note: (bytes: number) => void): tf.Tensor4D {
    return tf.customGrad<tf.Tensor4D>((given) => {
      const gradFunc = (dy: tf.Tensor4D): tf.Tensor[] => {
        note(tf.memory().numBytes);
        return [tf.clone(dy)];
      };
      return { value: tf.clone(given as tf.Tensor4D), gradFunc };
    })(value);
  }

  it("frees the tensors that it has used, operation by operation", () => {
    const [first, last] = [[] as number[], [] as number[]];
    const input = tf.randomUniform<tf.Rank.R4>([1, 2, 64, 2], -1, 1, "float32", 1);
    const fixed = tf.randomUniform<tf.Rank.R4>([1, 2, 64, 2], -1, 1, "float32", 2);
    const deep = (): tf.Tensor4D => {
      let y = watched(input, (bytes) => last.push(bytes));
      for (let layer = 0; layer < 4; layer++) y = attention(y, fixed, fixed);
      return watched(y, (bytes) => first.push(bytes));
    };
    const { value, gradients } = valueAndGradients(deep, [input]);
    const probabilities = 2 * 64 * 64 * 4;
    expect((first[0] ?? NaN) - (last[0] ?? NaN)).toBeGreaterThan(3 * probabilities);
    tf.dispose([input, fixed, value, ...gradients.flatMap((gradient) => gradient ?? [])]);
  });
});

it.each([
  { name: "residual", keeps: (x: tf.Tensor2D) => residual(x, x) },
  { name: "splitHeads", keeps: (x: tf.Tensor2D) => splitHeads(x, 1, 2) },
  { name: "constantProduct", keeps: (x: tf.Tensor2D) => constantProduct(x, () => fixed) },
])("$name keeps nothing for its gradient", ({ keeps }) => {
  const input = tf.ones<tf.Rank.R2>([4, 4]);
  let held = NaN;
  const { value, gradients } = valueAndGradients(() => {
    const before = tf.memory().numTensors;
    const y = keeps(input);
    // The result and, for splitHeads, the transposed tensor; both belong to the caller's scope.
    held = tf.memory().numTensors - before - 1;
    return y;
  }, [input]);
  expect(held).toBeLessThanOrEqual(1);
  tf.dispose([input, value, ...gradients.flatMap((gradient) => gradient ?? [])]);
});
