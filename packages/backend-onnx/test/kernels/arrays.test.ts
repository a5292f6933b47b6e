import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { booleans, exactly, float, integers, on, same, tensorOf } from "./both-backends.ts";

describe("shape", () => {
  same("reshape, expandDims, squeeze, clone", [float([2, 3])], (x) => [
    tf.reshape(x, [3, -1]),
    tf.expandDims(x, -1),
    tf.expandDims(x, 0),
    tf.squeeze(tf.expandDims(x, 1)),
    tf.clone(x),
  ]);
  same("reshape of something pending", [float([2, 3])], (x) => tf.sum(tf.reshape(tf.add(x, 1), [3, 2]), 0), {
    gradients: true,
  });
  same("transpose", [float([2, 3, 4])], (x) => tf.transpose(x, [2, 0, 1]), { gradients: true });
  same("transpose of dimensions of size 1", [float([1, 3, 1, 4])], (x) => tf.transpose(x, [1, 2, 0, 3]), {
    gradients: true,
  });
  same("transpose of others", [integers([2, 3]), booleans([2, 3])], (x, y) => [tf.transpose(x), tf.transpose(y)]);
  it("names both shapes of an impossible reshape", async () => {
    await on("onnx", () => {
      const x = tensorOf(float([2, 3]));
      expect(() => tf.reshape(x, [4])).toThrow(/6|2,3/);
    });
  });
});

describe("slices", () => {
  same("slice", [float([4, 5])], (x) => tf.slice(x, [1, 2], [2, -1]), { gradients: true });
  same("slice of nothing", [float([4, 5])], (x) => tf.slice(x, [1, 2], [0, 2]));
  same("slice of others", [integers([4, 2]), booleans([4, 2])], (x, y) => [tf.slice(x, 1, 2), tf.slice(y, 1, 2)]);
  same("split", [float([4, 6])], (x) => [...tf.split(x, 3, 1), ...tf.split(x, [1, 0, 3], 0)]);
  same("split and joined", [float([4, 6])], (x) => tf.concat(tf.split(x, 2, -1).toReversed(), -1), { gradients: true });
  same("unstack", [float([3, 4])], (x) => [...tf.unstack(x), ...tf.unstack(x, -1)]);
  same("unstacked sum", [float([3, 4])], (x) => tf.addN(tf.unstack(x, 1)), { gradients: true });
  same("reverse", [float([3, 4])], (x) => tf.reverse(x, [0, -1]), { gradients: true });
  same("stridedSlice", [float([6, 7])], (x) => [
    tf.stridedSlice(x, [0, 1], [6, 7], [2, 3]),
    tf.stridedSlice(x, [5, 6], [0, 0], [-2, -1]),
    tf.stridedSlice(x, [-1, 0], [-7, 7], [-1, 1]),
    tf.stridedSlice(x, [1, 2], [3, 5], [1, 1]),
    tf.stridedSlice(x, [2, 1], [3, 4], [1, 1], 0, 0, 0, 0, 1),
    tf.stridedSlice(x, [0, 0], [6, 7], [1, 1], 3, 3),
  ]);
});

describe("stridedSlice", () => {
  it("is empty where the end comes before the beginning", async () => {
    await on("onnx", () => {
      expect(tf.stridedSlice(tensorOf(float([6, 7])), [4, 0], [2, 7], [1, 1]).shape).toEqual([0, 7]);
    });
  });
});

describe("joining and repeating", () => {
  same("concat", [float([2, 3]), float([2, 2])], (a, b) => tf.concat([a, b, a], 1), { gradients: true });
  same("concat with nothing", [float([2, 3]), float([0, 3])], (a, b) => [tf.concat([b, a], 0), tf.concat([b, b], 0)]);
  same("concat of others", [integers([2]), booleans([3])], (a, b) => [tf.concat([a, a]), tf.concat([b, b])]);
  same("stack", [float([2, 3]), float([2, 3])], (a, b) => tf.stack([a, b], -1), { gradients: true });
  same("stack of one", [float([2, 3])], (a) => tf.stack([a], 1));
  same(
    "pad",
    [float([2, 3])],
    (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [2, 3],
        ],
        0.5,
      ),
    { gradients: true },
  );
  same("pad of others", [integers([2]), booleans([2]), float([0])], (x, y, z) => [
    tf.pad(x, [[1, 1]], 7),
    tf.pad(y, [[0, 2]]),
    tf.pad(z, [[2, 1]], 3),
  ]);
  same("mirrorPad", [float([3, 4])], (x) => [
    tf.mirrorPad(
      x,
      [
        [2, 1],
        [0, 3],
      ],
      "reflect",
    ),
    tf.mirrorPad(
      x,
      [
        [2, 3],
        [1, 0],
      ],
      "symmetric",
    ),
  ]);
  same("tile", [float([2, 3])], (x) => tf.tile(x, [2, 3]), { gradients: true });
  same("tile of dimensions of size 1", [float([1, 3, 1])], (x) => tf.tile(x, [4, 1, 2]), { gradients: true });
  same("tile of others", [integers([2]), booleans([2])], (x, y) => [tf.tile(x, [2]), tf.tile(y, [3])]);
  same("broadcastTo", [float([3, 1])], (x) => tf.broadcastTo(x, [2, 3, 4]), { gradients: true });
  same(
    "work on repetitions",
    [float([3, 1])],
    (x) => tf.exp(tf.mul(tf.broadcastTo(x, [3, 4]), tf.broadcastTo(tf.sum(x), [3, 4]))),
    {
      gradients: true,
    },
  );
});

// The linter would mistake it for the method of arrays.
const filled = tf.fill;

describe("filling", () => {
  same("constants", [float([2, 2]), integers([3]), booleans([2])], (x, y, z) => [
    tf.zerosLike(x),
    tf.onesLike(y),
    tf.onesLike(z),
    filled([2, 3], 2.5),
    filled([2], 3, "int32"),
    tf.zeros([2, 0]),
    tf.ones([], "bool"),
  ]);
  same("range and linspace", [], () => [
    tf.range(0, 5),
    tf.range(5, 0, -2),
    tf.range(0, 1, 0.25),
    tf.range(3, 0),
    tf.range(2, 9, 3, "int32"),
    tf.range(4, 4),
    tf.linspace(-1, 1, 5),
  ]);
  same("eye", [], () => tf.eye(3));
  same("work on ones", [float([2, 3])], (x) => [
    tf.mul(x, tf.ones([2, 3])),
    tf.mul(tf.ones([4, 2, 3]), x),
    tf.mul(tf.ones([2, 3]), tf.ones([2, 3])),
    tf.add(tf.ones([2]), tf.zeros([2])),
  ]);
});

describe("choosing", () => {
  same("where", [booleans([3, 4]), float([3, 4]), float([4])], (c, t, e) => tf.where(c, t, e));
  same("where of others", [booleans([5]), integers([5]), booleans([5])], (c, t, e) => [
    tf.where(c, t, t),
    tf.where(c, c, e),
  ]);
  same(
    "where with NaN elsewhere",
    [exactly([1, 0, 1], [3], "bool"), exactly([1, NaN, 3]), exactly([NaN, 5, NaN])],
    (c, t, e) => tf.where(c, t, e),
  );
  same("the gradient of where", [booleans([3, 4]), float([3, 4]), float([3, 4])], (c, t, e) => tf.where(c, t, e), {
    gradients: true,
  });
});
