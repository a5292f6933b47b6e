import * as tf from "@tensorflow/tfjs-core";
import type { KernelAttributes, KernelInputs } from "./fused-kernel.ts";

/**
 * A setting of an optimizer update: a number, a scalar tensor (float32 or int32), or a function that is called in every
 * update. A plain number keeps its first value in a step that is recorded once and replayed.
 */
export type UpdateNumber = NumberOrScalar | (() => number);

export type NumberOrScalar = number | tf.Scalar;

/**
 * Splits the settings of an update for a kernel. Numbers and functions become attributes, and tensors become inputs
 * with the same names.
 */
export function inputsAndAttributes(numbers: Readonly<Record<string, UpdateNumber>>): {
  readonly inputs: KernelInputs;
  readonly attributes: KernelAttributes;
} {
  const inputs: Record<string, tf.Tensor> = {};
  const attributes: Record<string, number | (() => number)> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value === "number" || typeof value === "function") attributes[name] = value;
    else inputs[name] = value;
  }
  return { inputs, attributes };
}

/** Returns the current value of a setting. */
export function currentNumber(number: UpdateNumber): NumberOrScalar {
  return typeof number === "function" ? number() : number;
}

/** Returns 1 - base^exponent for a base between 0 and 1. Accurate in float32 even if the power is close to 1. */
export function oneMinusPower(base: number, exponent: NumberOrScalar): NumberOrScalar {
  if (typeof exponent === "number") return 1 - base ** exponent;
  return tf.neg(tf.expm1(tf.mul(tf.cast(exponent, "float32"), Math.log(base))));
}

export function squareRoot(value: NumberOrScalar): NumberOrScalar {
  return typeof value === "number" ? Math.sqrt(value) : tf.sqrt(value);
}

export function quotient(dividend: NumberOrScalar, divisor: NumberOrScalar): NumberOrScalar {
  if (typeof dividend === "number" && typeof divisor === "number") return dividend / divisor;
  return tf.div(dividend, divisor);
}

export function oneMinusProduct(left: NumberOrScalar, right: number): NumberOrScalar {
  return typeof left === "number" ? 1 - left * right : tf.sub(1, tf.mul(left, right));
}
