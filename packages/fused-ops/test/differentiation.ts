import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** A function of tensors and the values at which it is differentiated. */
export interface Differentiable {
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly inputs: readonly tf.Tensor[];
}

interface ValueAndGradients {
  readonly value: readonly number[];
  /** One per input. */
  readonly gradients: readonly (readonly number[])[];
}

/** Returns the value, and the gradients of its sum weighted by sines, so that no symmetry hides a mistake. */
export function valueAndGradients({ f, inputs }: Differentiable): ValueAndGradients {
  return tf.tidy(() => {
    const value = f(...inputs);
    const gradients = tf.grads((...given: tf.Tensor[]) => weightedSum(f(...given)))([...inputs]);
    return { value: [...value.dataSync()], gradients: gradients.map((gradient) => [...gradient.dataSync()]) };
  });
}

/** Returns the gradients by central differences in float32, accurate to about three digits. */
export function finiteDifferences({ f, inputs }: Differentiable): number[][] {
  const step = 1e-2;
  const sumAt = (place: number, index: number, change: number): number =>
    tf.tidy(() => {
      const moved = inputs.map((input, position) => {
        if (position !== place) return input;
        const values = input.dataSync().slice();
        values[index]! += change;
        return tf.tensor(values, input.shape);
      });
      return weightedSum(f(...moved)).dataSync()[0]!;
    });
  return inputs.map((input, place) =>
    Array.from(
      { length: input.size },
      (_, index) => (sumAt(place, index, step) - sumAt(place, index, -step)) / (2 * step),
    ),
  );
}

function weightedSum(value: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(value, wave(value.shape, 1)));
}

/** Returns numbers between -1 and 1 that depend only on their index. */
export function wave(shape: number[], phase: number): tf.Tensor {
  const values = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => Math.sin(index * 2.3 + phase));
  return tf.tensor(values, shape);
}

/** Expects that no element differs by `tolerance` times the largest magnitude, or by `tolerance` if that is below 1. */
export function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  // One expectation, because one per element would take most of the time.
  const wrong = actual.findIndex((value, index) => !(Math.abs(value - expected[index]!) < tolerance * largest));
  expect(wrong, `element ${wrong}: ${actual[wrong]} and ${expected[wrong]}`).toBe(-1);
}
