import * as tf from "@tensorflow/tfjs-core";
import { seededRandom, type Random } from "@mlan/core";

/** A call with hostile arguments. It creates its own tensors, and is the same on every backend. */
export interface HostileCase {
  readonly name: string;
  run(): tf.Tensor | tf.Tensor[];
}

type DType = "float32" | "int32" | "bool";
interface Data {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const FLOATS = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -2.5, 3, 1e-8, 1e10, -1e10, 2 ** 31, -(2 ** 31), 3e38, 89];
/** For sums of products: backends add up in different orders, and infinities would become NaN in some of them. */
const TAME = [0, -0, 1, -1, 0.5, -2.5, 3, 1e-8, 89];
const INTEGERS = [0, 1, -1, 2, 7, -7, 46_341, 65_536, 2 ** 31 - 1, -(2 ** 31), 3, 255, 256];
const PLACES = [0, 1, 2, -1, -2, 5, -7, 1.5, NaN, 2 ** 31, -(2 ** 40), Infinity];
const LENGTHS = [0, 1, 2, 3, 4];

/** Returns `count` cases, the same for the same seed: every operation below in turn. */
export function hostileCases(count: number, seed: number): HostileCase[] {
  const random = seededRandom(seed);
  const makers = Object.entries(MAKERS);
  return Array.from({ length: count }, (_, index) => {
    const [name, make] = makers[index % makers.length] ?? ["", () => ({ parameters: [], run: () => [] })];
    const { parameters, run } = make(draws(random));
    return { name: `${index} ${name} ${parameters.map(textOf).join(" ")}`, run };
  });
}

interface Draws {
  of<T>(choices: readonly T[]): T;
  list<T>(choices: readonly T[], length: number): T[];
  shape(rank?: number): number[];
  data(shape?: readonly number[], dtype?: DType): Data;
  tame(shape?: readonly number[]): Data;
}

interface Made {
  readonly parameters: readonly unknown[];
  run(): tf.Tensor | tf.Tensor[];
}

function draws(random: Random): Draws {
  const of = <T>(choices: readonly T[]): T => {
    const chosen = choices[random.below(choices.length)];
    if (chosen === undefined) throw new Error("the list to choose from is empty");
    return chosen;
  };
  const list = <T>(choices: readonly T[], length: number): T[] => Array.from({ length }, () => of(choices));
  const shape = (rank = of([1, 2, 3])): number[] => list(LENGTHS, rank);
  return {
    of,
    list,
    shape,
    tame: (dimensions = shape()) => ({
      values: list(TAME, tf.util.sizeFromShape([...dimensions])),
      shape: dimensions,
      dtype: "float32",
    }),
    data(dimensions = shape(), dtype = of(["float32", "int32", "bool"] as const)) {
      const pool = { float32: FLOATS, int32: INTEGERS, bool: [0, 1] }[dtype];
      return { values: list(pool, tf.util.sizeFromShape([...dimensions])), shape: dimensions, dtype };
    },
  };
}

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

const MAKERS: Readonly<Record<string, (draw: Draws) => Made>> = {
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
  slice: (draw) => {
    const x = draw.data();
    const [begin, size] = [draw.list(PLACES, x.shape.length), draw.list([-1, ...PLACES], x.shape.length)];
    return { parameters: [x, begin, size], run: () => tf.slice(tensorOf(x), begin, size) };
  },
  stridedSlice: (draw) => {
    const x = draw.data();
    const bounds = (): number[] => draw.list(PLACES.filter(Number.isInteger), x.shape.length);
    const [begin, end, strides] = [bounds(), bounds(), draw.list([1, 2, -1, -3, 0], x.shape.length)];
    return { parameters: [x, begin, end, strides], run: () => tf.stridedSlice(tensorOf(x), begin, end, strides) };
  },
  gather: (draw) => {
    const [x, axis] = [draw.data(), draw.of([0, 1, -1])];
    const indices = { values: draw.list([0, 0, 1, -1, 9, 2 ** 31 - 1], 2), shape: [2], dtype: "int32" } as const;
    return { parameters: [x, indices, axis], run: () => tf.gather(tensorOf(x), tensorOf(indices), axis) };
  },
  gatherGradient: (draw) => {
    const [x, indices] = [draw.data([3, 2], "float32"), draw.list([0, 1, 2, -1, 3], 2)];
    const run = (): tf.Tensor => {
      const unknown = tf.neg(tf.neg(tf.tensor1d(indices, "int32")));
      return tf.grad((table: tf.Tensor) => tf.gather(table, unknown))(tensorOf(x));
    };
    return { parameters: [x, indices], run };
  },
  gatherND: (draw) => {
    const x = draw.data(draw.shape(2));
    const indices = { values: draw.list([0, 1, -1, 5], 4), shape: [2, 2], dtype: "int32" } as const;
    return { parameters: [x, indices], run: () => tf.gatherND(tensorOf(x), tensorOf(indices)) };
  },
  scatterND: (draw) => {
    const updates = draw.data([3], draw.of(["float32", "int32"] as const));
    const [places, shape] = [draw.list([0, 1, 1, -1, 9], 3), draw.list([0, 2, 4], 1)];
    const run = (): tf.Tensor => tf.scatterND(tf.tensor2d(places, [3, 1], "int32"), tensorOf(updates), shape);
    return { parameters: [updates, places, shape], run };
  },
  segments: (draw) => {
    const [x, ids, count] = [draw.tame([3, 2]), draw.list([0, 1, 1, -1, 9], 3), draw.of([1, 2, -1])];
    const run = (): tf.Tensor => tf.unsortedSegmentSum(tensorOf(x), tf.tensor1d(ids, "int32"), count);
    return { parameters: [x, ids, count], run };
  },
  pad: (draw) => {
    const [x, value] = [draw.data(), draw.of([0, 1])];
    const paddings = x.shape.map(() => [draw.of([0, 1, 3, -1, 0.5]), draw.of([0, 2, -2])] as [number, number]);
    return { parameters: [x, paddings, value], run: () => tf.pad(tensorOf(x), paddings, value) };
  },
  mirrorPad: (draw) => {
    const [x, mode] = [draw.data(), draw.of(["reflect", "symmetric"] as const)];
    const paddings = x.shape.map(() => [draw.of([0, 1, 3]), draw.of([0, 2, -2])] as [number, number]);
    return { parameters: [x, paddings, mode], run: () => tf.mirrorPad(tensorOf(x), paddings, mode) };
  },
  reshape: (draw) => {
    const [x, shape] = [draw.data(), draw.list([0, 1, 2, 4, -1, 1.5], draw.of([1, 2]))];
    return { parameters: [x, shape], run: () => tf.reshape(tensorOf(x), shape) };
  },
  tile: (draw) => {
    const x = draw.data();
    const repetitions = draw.list([0, 1, 2, -1, 1.5, 1e12], x.shape.length);
    return { parameters: [x, repetitions], run: () => tf.tile(tensorOf(x), repetitions) };
  },
  topk: (draw) => {
    // The cpu backend orders NaN and infinities by chance.
    const [x, k] = [draw.of([draw.tame(), draw.data(undefined, "int32")]), draw.of([0, 1, 2, 9, -1, 1.5])];
    return {
      parameters: [x, k],
      run: () => {
        const { values, indices } = tf.topk(tensorOf(x), k);
        return [values, indices];
      },
    };
  },
  oneHot: (draw) => {
    const [places, depth] = [draw.list(INTEGERS, 3), draw.of([0, 1, 4, -1, 1.5, 1e12])];
    return { parameters: [places, depth], run: () => tf.oneHot(tf.tensor1d(places, "int32"), depth) };
  },
  range: (draw) => {
    const numbers = draw.list([0, 1, 5, -3, 0.5, NaN, Infinity, 1e12], 3);
    const [start = 0, stop = 0, step = 1] = numbers;
    return { parameters: numbers, run: () => tf.range(start, stop, step) };
  },
  bincount: (draw) => {
    const [numbers, size] = [draw.list([0, 1, 2, 9, -1], 4), draw.of([0, 1, 3, -2, 1.5])];
    return {
      parameters: [numbers, size],
      run: () => tf.bincount(tf.tensor1d(numbers, "int32"), tf.tensor1d([]), size),
    };
  },
  matMul: (draw) => {
    const [a, b] = [draw.tame(draw.shape(2)), draw.tame(draw.shape(2))];
    return { parameters: [a, b], run: () => tf.matMul(tensorOf(a), tensorOf(b)) };
  },
  pools: (draw) => {
    const x = draw.tame([1, 3, 4, 2]);
    const [size, stride, pad] = [draw.of([1, 2, 3, 5, 0]), draw.of([1, 2, 0]), draw.of(["same", "valid"] as const)];
    const [op, name] = draw.of([[tf.maxPool, "max"] as const, [tf.avgPool, "average"] as const]);
    return { parameters: [name, x, size, stride, pad], run: () => op(tensorOf(x) as tf.Tensor4D, size, stride, pad) };
  },
  conv2d: (draw) => {
    const [x, filter] = [draw.tame([1, 3, 4, 2]), draw.tame([draw.of([1, 2, 5]), 2, draw.of([2, 1]), 1])];
    const [stride, pad] = [draw.of([1, 2, 0]), draw.of(["same", "valid", 1, -1] as const)];
    const run = (): tf.Tensor => tf.conv2d(tensorOf(x) as tf.Tensor4D, tensorOf(filter) as tf.Tensor4D, stride, pad);
    return { parameters: [x, filter, stride, pad], run };
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
  searchSorted: (draw) => {
    const [sorted, values] = [draw.list(TAME, 4).toSorted((a, b) => a - b), draw.list(FLOATS, 3)];
    const side = draw.of(["left", "right"] as const);
    return {
      parameters: [sorted, values, side],
      run: () => tf.searchSorted(tf.tensor1d(sorted), tf.tensor1d(values), side),
    };
  },
  unique: (draw) => {
    const [x, axis] = [draw.data(undefined, draw.of(["float32", "int32"] as const)), draw.of([0, 1, 7])];
    const run = (): tf.Tensor[] => {
      const { values, indices } = tf.unique(tensorOf(x), axis);
      return [values, indices];
    };
    return { parameters: [x, axis], run };
  },
  concat: (draw) => {
    const [first, second] = [draw.of(["float32", "int32"] as const), draw.of(["float32", "int32"] as const)];
    const [a, b, axis] = [draw.data(undefined, first), draw.data(undefined, second), draw.of([0, 1, -1, 5])];
    return { parameters: [a, b, axis], run: () => tf.concat([tensorOf(a), tensorOf(b)], axis) };
  },
  split: (draw) => {
    const [x, parts, axis] = [draw.data(), draw.of([1, 2, 3, 0, [1, 2], [1, -1], [-1, -1]]), draw.of([0, 1, 7])];
    return { parameters: [x, parts, axis], run: () => tf.split(tensorOf(x), parts, axis) };
  },
  depthwise: (draw) => {
    const [x, filter] = [
      draw.tame([2, 3, 4, 2]),
      draw.tame([draw.of([1, 3, 5]), draw.of([1, 2, 4]), 2, draw.of([1, 2])]),
    ];
    const [stride, pad] = [draw.of([1, 2, 3]), draw.of(["same", "valid", 1, 2] as const)];
    const run = (): tf.Tensor =>
      tf.depthwiseConv2d(tensorOf(x) as tf.Tensor4D, tensorOf(filter) as tf.Tensor4D, stride, pad);
    return { parameters: [x, filter, stride, pad], run };
  },
  convolutionGradients: (draw) => {
    const [x, filter] = [draw.tame([2, 3, 4, 1]), draw.tame([draw.of([1, 3]), draw.of([1, 2, 4]), 1, draw.of([1, 2])])];
    const [stride, pad] = [draw.of([1, 2, 3, 4]), draw.of(["same", "valid", 1, 2] as const)];
    const run = (): tf.Tensor[] => {
      const convolve = (image: tf.Tensor, weights: tf.Tensor): tf.Tensor =>
        tf.conv2d(image as tf.Tensor4D, weights as tf.Tensor4D, stride, pad);
      return tf.grads(convolve)([tensorOf(x), tensorOf(filter)]);
    };
    return { parameters: [x, filter, stride, pad], run };
  },
  resize: (draw) => {
    const [x, size] = [
      draw.data([1, 2, 3, 1], "float32"),
      draw.list([0, 1, 2, 5, -1, 1.5, NaN], 2) as [number, number],
    ];
    const [op, name] = draw.of([
      [tf.image.resizeBilinear, "bilinear"] as const,
      [tf.image.resizeNearestNeighbor, "nearest"] as const,
    ]);
    return { parameters: [name, x, size], run: () => op(tensorOf(x) as tf.Tensor4D, size) };
  },
  batchToSpace: (draw) => {
    const x = draw.data([draw.of([4, 3, 0]), 2, 2], "float32");
    const [block, crops] = [[draw.of([2, 1, 0, -1])], [[draw.of([0, 1, 5, -1]), draw.of([0, 1])]]];
    return { parameters: [x, block, crops], run: () => tf.batchToSpaceND(tensorOf(x), block, crops) };
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
};

function tensorOf({ values, shape, dtype }: Data): tf.Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

function textOf(parameter: unknown): string {
  if (typeof parameter === "number" || typeof parameter === "string")
    return Object.is(parameter, -0) ? "-0" : String(parameter);
  if (Array.isArray(parameter)) return `[${parameter.map(textOf).join()}]`;
  const { values, shape, dtype } = parameter as Data;
  return `${dtype}[${shape.join()}]{${values.map(textOf).join()}}`;
}
