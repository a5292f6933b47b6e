import * as tf from "@tensorflow/tfjs-core";
import { FLOATS, INTEGERS, type Makers, PLACES, TAME, tensorOf } from "./hostile-draws.ts";

/** Operations that select, move, repeat or count elements. */
export const INDEXING = {
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
  batchToSpace: (draw) => {
    const x = draw.data([draw.of([4, 3, 0]), 2, 2], "float32");
    const [block, crops] = [[draw.of([2, 1, 0, -1])], [[draw.of([0, 1, 5, -1]), draw.of([0, 1])]]];
    return { parameters: [x, block, crops], run: () => tf.batchToSpaceND(tensorOf(x), block, crops) };
  },
} satisfies Makers;
