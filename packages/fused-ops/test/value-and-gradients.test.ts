import { checkpointed, valueAndGradients } from "@mlan/fused-ops";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

describe("valueAndGradients", () => {
  beforeAll(async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const numbers = (tensor: tf.Tensor | undefined): readonly number[] => [...(tensor?.dataSync() ?? [])];

  /** Uses intermediate results in every way: twice, added to themselves, split, and passed on unchanged. */
  function knotted(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    const product = tf.mul(x, y);
    const [head, tail] = tf.split(tf.add(product, tf.add(x, x)), 2);
    return tf.concat([tf.square(head ?? x), tf.exp(tf.clone(tail ?? x)), tf.clone(product)]);
  }

  it("returns the value and the gradients of tf.grads", () => {
    const inputs = [tf.tensor1d([1, -2, 0.5, 3]), tf.tensor1d([0.25, 1, -1, 0.1])] as const;
    const { value, gradients } = valueAndGradients(() => knotted(...inputs), inputs);
    const expected = tf.grads((x, y) => knotted(x ?? inputs[0], y ?? inputs[1]))([...inputs]);
    expect(numbers(value)).toEqual(numbers(knotted(...inputs)));
    expect(gradients.map(numbers)).toEqual(expected.map(numbers));
  });

  it("multiplies them by the given gradient of the value, which the caller still owns", () => {
    const x = tf.tensor1d([1, 2]);
    const dy = tf.tensor1d([10, 100]);
    const { gradients } = valueAndGradients(() => tf.square(x), [x], dy);
    expect(gradients.map(numbers)).toEqual([[20, 400]]);
    expect(dy.isDisposed).toBe(false);
    const same = valueAndGradients(() => tf.clone(x), [x], dy);
    expect(same.gradients.map(numbers)).toEqual([[10, 100]]);
    same.gradients[0]?.dispose();
    expect(numbers(dy)).toEqual([10, 100]);
  });

  it("returns none for an input that the value does not depend on, and ones for the value itself", () => {
    const [x, other] = [tf.scalar(2), tf.scalar(3)];
    const { gradients } = valueAndGradients(() => tf.square(x), [other, x]);
    expect(gradients[0]).toBeUndefined();
    expect(numbers(gradients[1])).toEqual([4]);
    expect(valueAndGradients(() => x, [x]).gradients.map(numbers)).toEqual([[1]]);
  });

  it("accepts an input that is an intermediate result", () => {
    const x = tf.scalar(3);
    const middle = tf.square(x);
    const { gradients } = valueAndGradients(() => tf.mul(middle, x), [x, middle]);
    expect(gradients.map(numbers)).toEqual([[9], [3]]);
  });

  it("leaves only value and gradients, even if a gradient fails", () => {
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    tf.dispose(valueAndGradients(() => tf.sum(tf.exp(tf.square(x))), [x]).value);
    expect(tf.memory().numTensors).toBe(before + 1);
    const wrong = tf.customGrad((given) => ({
      value: tf.square(given as tf.Tensor),
      gradFunc: (): tf.Tensor => tf.scalar(1),
    }));
    const start = tf.memory().numTensors;
    expect(() => tf.tidy(() => valueAndGradients(() => tf.sum(wrong(x)), [x]).value)).toThrow(
      /gradient of .* is float32 \[\], but must be float32 \[3\]/,
    );
    expect(tf.memory().numTensors).toBe(start);
  });

  it("goes through checkpointed parts, whose gradients are computed during the outer one", () => {
    const x = tf.tensor1d([0.5, -1]);
    const part = (input: tf.Tensor): tf.Tensor => tf.exp(tf.square(input));
    const plain = valueAndGradients(() => tf.sum(part(part(x))), [x]);
    const kept = valueAndGradients(() => tf.sum(checkpointed(part, [checkpointed(part, [x])])), [x]);
    expect(kept.gradients.map(numbers)).toEqual(plain.gradients.map(numbers));
  });

  it("refuses to be differentiated", () => {
    const second = tf.grad((x: tf.Tensor) => valueAndGradients(() => tf.square(x), [x]).gradients[0] ?? x);
    expect(() => second(tf.scalar(1))).toThrow(/second-order gradients are not supported/);
  });
});
