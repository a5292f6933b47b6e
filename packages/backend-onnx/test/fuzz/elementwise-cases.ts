import * as tf from "@tensorflow/tfjs-core";
import { type Makers, tensorOf } from "./hostile-draws.ts";

const UNARY = [
  tf.abs,
  tf.ceil,
  tf.floor,
  tf.round,
  tf.sign,
  tf.neg,
  tf.square,
  tf.reciprocal,
  tf.relu,
  tf.relu6,
  tf.elu,
  tf.selu,
  tf.sigmoid,
  tf.tanh,
  tf.softplus,
  tf.exp,
  tf.expm1,
  tf.log,
  tf.log1p,
  tf.sqrt,
  tf.rsqrt,
  tf.isNaN,
  tf.isInf,
  tf.isFinite,
  tf.asin,
  tf.acos,
  tf.atan,
  tf.asinh,
  tf.acosh,
  tf.atanh,
  tf.erf,
  tf.step,
  tf.leakyRelu,
];
const BINARY = [
  tf.add,
  tf.sub,
  tf.mul,
  tf.div,
  tf.mod,
  tf.floorDiv,
  tf.maximum,
  tf.minimum,
  tf.squaredDifference,
  tf.divNoNan,
  tf.equal,
  tf.notEqual,
  tf.less,
  tf.lessEqual,
  tf.greater,
  tf.greaterEqual,
  tf.atan2,
  tf.pow,
];
const REDUCTIONS = [
  tf.sum,
  tf.mean,
  tf.prod,
  tf.max,
  tf.min,
  tf.argMax,
  tf.argMin,
  tf.cumsum,
  tf.cumprod,
  tf.logSumExp,
];

/** Elementwise operations, reductions and casts. */
export const ELEMENTWISE = {
  unary: (draw) => {
    const [op, x] = [draw.of(UNARY), draw.data(undefined, draw.of(["float32", "int32"] as const))];
    return { parameters: [op.name, x], run: () => op(tensorOf(x)) };
  },
  binary: (draw) => {
    const shape = draw.shape();
    const [op, a] = [draw.of(BINARY), draw.data(shape)];
    const b = draw.data(draw.of([shape, [], [1], draw.shape()]));
    return { parameters: [op.name, a, b], run: () => op(tensorOf(a), tensorOf(b)) };
  },
  reduction: (draw) => {
    const [op, x, axis] = [draw.of(REDUCTIONS), draw.data(), draw.of([0, 0, 1, 2, 7, 0.5])];
    return { parameters: [op.name, x, axis], run: () => op(tensorOf(x), axis) };
  },
  cast: (draw) => {
    const [x, dtype] = [draw.data(), draw.of(["float32", "int32", "bool"] as const)];
    return { parameters: [x, dtype], run: () => tf.cast(tensorOf(x), dtype) };
  },
  numbers: (draw) => {
    const [op, x] = [draw.of([tf.max, tf.min]), draw.data(draw.shape(2), draw.of(["float32", "int32"] as const))];
    const huge = {
      ...x,
      values: x.values.map((value) => (x.dtype === "float32" ? value * draw.of([1, 3e38]) : value)),
    };
    return { parameters: [op.name, huge], run: () => op(tensorOf(huge), 0) };
  },
  clip: (draw) => {
    const x = draw.data(undefined, draw.of(["float32", "int32"] as const));
    const [bounds] = [draw.list([0, -1, 2.5, -Infinity, Infinity], 2).toSorted((a, b) => a - b)];
    const [low = 0, high = 0] = bounds;
    return { parameters: [x, bounds], run: () => tf.clipByValue(tensorOf(x), low, high) };
  },
  logic: (draw) => {
    const shape = draw.shape();
    const [op, a, b] = [
      draw.of([tf.logicalAnd, tf.logicalOr, tf.logicalXor]),
      draw.data(shape, "bool"),
      draw.data(shape, "bool"),
    ];
    return { parameters: [op.name, a, b], run: () => op(tensorOf(a), tensorOf(b)) };
  },
  truth: (draw) => {
    const [op, x, axis] = [draw.of([tf.all, tf.any]), draw.data(undefined, "bool"), draw.of([0, 1, -1, 7])];
    return { parameters: [op.name, x, axis], run: () => op(tensorOf(x), axis) };
  },
  softmax: (draw) => {
    const x = draw.tame();
    return { parameters: [x], run: () => [tf.softmax(tensorOf(x)), tf.logSoftmax(tensorOf(x))] };
  },
  select: (draw) => {
    const shape = draw.shape();
    const [condition, a, b] = [
      draw.data(shape, "bool"),
      draw.data(shape, "float32"),
      draw.data(draw.of([shape, [1], [3]]), "float32"),
    ];
    return { parameters: [condition, a, b], run: () => tf.where(tensorOf(condition), tensorOf(a), tensorOf(b)) };
  },
} satisfies Makers;
