import * as tf from "@tensorflow/tfjs-core";
import { describe } from "vitest";
import { SPECIAL, booleans, exactly, float, integers, same } from "./both-backends.ts";

const anywhere = {
  abs: tf.abs,
  ceil: tf.ceil,
  floor: tf.floor,
  round: tf.round,
  neg: tf.neg,
  sign: tf.sign,
  square: tf.square,
  cos: tf.cos,
  sin: tf.sin,
  tan: tf.tan,
  sinh: tf.sinh,
  cosh: tf.cosh,
  tanh: tf.tanh,
  asinh: tf.asinh,
  atan: tf.atan,
  exp: tf.exp,
  expm1: tf.expm1,
  erf: tf.erf,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  selu: tf.selu,
  leakyRelu: (x: tf.Tensor) => tf.leakyRelu(x, 0.1),
  step: (x: tf.Tensor) => tf.step(x),
  "step with a slope": (x: tf.Tensor) => tf.step(x, 0.3),
  clipByValue: (x: tf.Tensor) => tf.clipByValue(x, -0.7, 1.1),
  logSigmoid: (x: tf.Tensor) => tf.logSigmoid(x),
} as const;

const ofPositive = { log: tf.log, log1p: tf.log1p, sqrt: tf.sqrt, rsqrt: tf.rsqrt, reciprocal: tf.reciprocal } as const;

describe("functions of one tensor", () => {
  for (const [name, run] of Object.entries(anywhere)) {
    same(name, [float([3, 5])], (x) => run(x), { gradients: true });
    same(`${name} of special numbers`, [SPECIAL], (x) => run(x));
    same(`${name} of nothing`, [float([0, 3])], (x) => run(x));
  }
  for (const [name, run] of Object.entries(ofPositive)) {
    same(name, [float([3, 5], 0.1, 3)], (x) => run(x), { gradients: true });
    same(`${name} of special numbers`, [SPECIAL], (x) => run(x));
  }
  for (const [name, run] of Object.entries({ acos: tf.acos, asin: tf.asin, atanh: tf.atanh })) {
    same(name, [float([7], -0.9, 0.9)], (x) => run(x), { gradients: true });
  }
  same("acosh", [float([7], 1.1, 5)], (x) => tf.acosh(x), { gradients: true });
  for (const [name, run] of Object.entries({
    abs: tf.abs,
    neg: tf.neg,
    sign: tf.sign,
    square: tf.square,
    relu: tf.relu,
  })) {
    same(`${name} of integers`, [integers([9])], (x) => run(x));
  }
  for (const [name, run] of Object.entries({ isNaN: tf.isNaN, isInf: tf.isInf, isFinite: tf.isFinite })) {
    same(name, [SPECIAL], (x) => run(x));
    same(`${name} of integers`, [integers([4])], (x) => run(x));
  }
  same("clipByValue of integers", [exactly([-9, 2, 16777217, 2147483647], [4], "int32")], (x) => [
    tf.clipByValue(x, -1.5, 16777217),
    tf.clipByValue(x, 0, Infinity),
  ]);
  same("relu of booleans", [booleans([5])], (x) => tf.relu(x));
  same("prelu", [float([2, 3]), float([3])], (x, alpha) => tf.prelu(x, alpha), { gradients: true });
  same("log1p and expm1 near 0", [exactly([1e-12, -1e-9, 3e-6, 1e-4])], (x) => [tf.log1p(x), tf.expm1(x)], {
    absolute: 0,
  });
  same("softplus far below 0", [exactly([-20, -40, -80])], (x) => tf.softplus(x), { absolute: 0 });
});

const binaries = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  atan2: tf.atan2,
  mod: tf.mod,
  floorDiv: tf.floorDiv,
} as const;

describe("functions of two tensors", () => {
  for (const [name, run] of Object.entries(binaries)) {
    // tfjs-core's gradients of the others do not sum over broadcast dimensions.
    const gradients = ["add", "sub", "mul", "div", "atan2"].includes(name);
    same(name, [float([2, 3, 4]), float([2, 3, 4], -1.9, 1.7)], (a, b) => run(a, b), {
      gradients: name !== "floorDiv",
    });
    same(`${name}, broadcast`, [float([2, 1, 4]), float([3, 1])], (a, b) => run(a, b), { gradients });
    same(`${name} with a scalar`, [float([5]), exactly([1.5], [])], (a, b) => run(a, b), { gradients });
    same(`${name} of integers`, [integers([4, 5], -20, 20), integers([5], -7, 7)], (a, b) => run(a, b));
    same(`${name} of nothing`, [float([0, 3]), float([1, 3])], (a, b) => run(a, b));
  }
  same("integers divided by 0", [exactly([5, -5, 0], [3], "int32"), exactly([0, 0, 0], [3], "int32")], (a, b) => [
    tf.div(a, b),
    tf.floorDiv(a, b),
    tf.mod(a, b),
  ]);
  same("mod by infinity", [exactly([3, -3, 0]), exactly([Infinity], [])], (a, b) => tf.mod(a, b));
  same("large integers", [exactly([2147483647, -2147483648], [2], "int32"), exactly([1, 7], [2], "int32")], (a, b) => [
    tf.add(a, b),
    tf.sub(a, b),
    tf.floorDiv(a, b),
    tf.mod(a, b),
    tf.mul(a, b),
  ]);
  same("maximum and minimum of special numbers", [SPECIAL, exactly([0.3], [])], (a, b) => [
    tf.maximum(a, b),
    tf.minimum(a, b),
  ]);
  same("pow", [float([2, 5], 0.2, 3), float([5], -2, 3)], (a, b) => tf.pow(a, b), { gradients: true });
  same("pow with a scalar", [float([5], 0.1, 3), exactly([1.5], [])], (a, b) => tf.pow(a, b), { gradients: true });
  same("pow of integers", [integers([6], -4, 4), exactly([3], [], "int32")], (a, b) => tf.pow(a, b));
  same("addN", [float([2, 3]), float([2, 3], 0, 1), float([2, 3], 3, 4)], (a, b, c) => tf.addN([a, b, c]), {
    gradients: true,
  });
  same("addN of integers and of one", [integers([4]), integers([4], 0, 9)], (a, b) => [
    tf.addN([a, b, a]),
    tf.addN([a]),
  ]);
  same("divNoNan", [float([4]), exactly([1, 0, 2, 0])], (a, b) => tf.divNoNan(a, b));
  same("atan2 on the axes", [exactly([0, 0, 1, -1, 0]), exactly([1, -1, 0, 0, 0])], (a, b) => tf.atan2(a, b));
  same("bitwiseAnd", [integers([6], -99, 99), integers([6], 0, 60)], (a, b) => tf.bitwiseAnd(a, b));
});

const comparisons = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
} as const;

describe("comparisons and logic", () => {
  for (const [name, run] of Object.entries(comparisons)) {
    same(name, [SPECIAL, exactly([0.5], [])], (a, b) => run(a, b));
    same(`${name} of integers`, [integers([3, 4]), integers([4])], (a, b) => run(a, b));
    same(`${name} of booleans`, [booleans([6]), exactly([1], [], "bool")], (a, b) => run(a, b));
  }
  same("and, or, xor, not", [booleans([2, 4]), booleans([4])], (a, b) => [
    tf.logicalAnd(a, b),
    tf.logicalOr(a, b),
    tf.logicalXor(a, b),
    tf.logicalNot(a),
  ]);
});

describe("dtypes", () => {
  same("casts of floats", [SPECIAL], (x) => [tf.cast(x, "int32"), tf.cast(tf.cast(x, "bool"), "float32")]);
  same("casts of great floats", [exactly([3e9, -3e9, 2147483648, 1e10])], (x) => tf.cast(x, "int32"));
  same("casts of integers", [integers([5])], (x) => [tf.cast(x, "float32"), tf.cast(x, "bool"), tf.cast(x, "int32")]);
  same("casts of booleans", [booleans([5])], (x) => [tf.cast(x, "float32"), tf.cast(x, "int32")]);
  same("the gradient through casts", [float([4])], (x) => tf.mul(tf.cast(tf.cast(x, "float32"), "float32"), 3), {
    gradients: true,
  });
});
