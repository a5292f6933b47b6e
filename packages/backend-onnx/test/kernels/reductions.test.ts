import * as tf from "@tensorflow/tfjs-core";
import { describe } from "vitest";
import { booleans, exactly, float, integers, same } from "./both-backends.ts";

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const numeric: Readonly<Record<string, Reduce>> = {
  sum: tf.sum,
  mean: tf.mean,
  max: tf.max,
  min: tf.min,
  prod: tf.prod,
};

describe("reductions", () => {
  for (const [name, reduce] of Object.entries(numeric)) {
    const gradients = name !== "prod";
    same(`${name} of all`, [float([2, 3, 4])], (x) => reduce(x), { gradients });
    same(`${name} along the last axis`, [float([2, 3, 4])], (x) => reduce(x, -1), { gradients });
    same(`${name} along two axes, kept`, [float([2, 3, 4])], (x) => reduce(x, [0, 2], true), { gradients });
    same(`${name} along no axis`, [float([2, 3])], (x) => reduce(x, []));
    same(`${name} of a scalar`, [float([])], (x) => reduce(x));
    same(`${name} of integers`, [integers([3, 4])], (x) => [reduce(x), reduce(x, 0)]);
    same(`${name} of infinities`, [exactly([1, Infinity, 2, -Infinity, 1, 3], [3, 2])], (x) => reduce(x, 1));
    same(`${name} of NaN`, [exactly([1, NaN, 2, 3], [2, 2])], (x) => reduce(x, 1));
    same(`${name} of nothing`, [float([2, 0])], (x) => [reduce(x, 0), reduce(x, 1)]);
  }
  same("sums of booleans are counts", [booleans([3, 5])], (x) => [tf.sum(x), tf.sum(x, 1), tf.mean(x)]);
  same("all and any", [booleans([3, 5])], (x) => [tf.all(x), tf.any(x), tf.all(x, 0, true), tf.any(x, -1)]);
  same("moments", [float([3, 4])], (x) => [tf.moments(x, [1]).mean, tf.moments(x, [1]).variance]);
  same("logSumExp", [float([3, 4])], (x) => tf.logSumExp(x, -1), { gradients: true });
  same("norms", [float([3, 4])], (x) => [tf.norm(x), tf.norm(x, 1), tf.norm(x, "euclidean", 1)]);
});

describe("softmax", () => {
  same("softmax", [float([2, 3, 5], -4, 4)], (x) => tf.softmax(x), { gradients: true });
  same("softmax with a mask", [exactly([1, 2, -1e9, 0.5, -Infinity, -1e9], [2, 3])], (x) => tf.softmax(x));
  same("softmax of a vector", [float([4])], (x) => tf.softmax(x), { gradients: true });
  same("logSoftmax", [float([4, 6], -9, 9)], (x) => tf.logSoftmax(x), { gradients: true });
  same("softmax of nothing", [float([0, 4])], (x) => tf.softmax(x));
});

describe("positions and order", () => {
  same("argMax and argMin", [float([3, 4, 5])], (x) => [tf.argMax(x), tf.argMax(x, -1), tf.argMin(x, 1)]);
  same("argMax takes the first of equals", [exactly([1, 3, 3, 0], [2, 2], "int32")], (x) => [
    tf.argMax(x, 1),
    tf.argMin(x, 0),
  ]);
  same("argMax of booleans", [booleans([7])], (x) => tf.argMax(x));
  same("topk", [float([2, 7])], (x) => Object.values(tf.topk(x, 3)));
  same("topk of equals", [exactly([1, 2, 2, 2, 0], [5], "int32")], (x) => Object.values(tf.topk(x, 4)));
  same("topk of nothing asked", [float([2, 3])], (x) => Object.values(tf.topk(x, 0)));
  for (const exclusive of [false, true]) {
    for (const reverse of [false, true]) {
      same(`cumsum, exclusive ${exclusive}, reverse ${reverse}`, [float([2, 3, 4])], (x) => [
        tf.cumsum(x, 1, exclusive, reverse),
        tf.cumsum(x, 2, exclusive, reverse),
      ]);
    }
  }
  same("the gradient of cumsum", [float([2, 3, 4])], (x) => tf.cumsum(x, 2, true), { gradients: true });
  same("cumsum of integers and booleans", [integers([5]), booleans([5])], (x, y) => [tf.cumsum(x), tf.cumsum(y)]);
});
