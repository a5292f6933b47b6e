import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "@mlan/backend-onnx";
import { describe, expect, it } from "vitest";
import { booleans, exactly, float, integers, on, same, tensorOf } from "./both-backends.ts";

const rows = exactly([2, 0, 3, 2], [2, 2], "int32");

describe("gather", () => {
  same("rows of an embedding", [float([5, 3]), rows], (x, indices) => tf.gather(x, indices), { gradients: true });
  same("along the last axis", [float([2, 5]), rows], (x, indices) => tf.gather(x, indices, -1), { gradients: true });
  same(
    "along the middle axis",
    [float([2, 4, 3]), exactly([3, 1, 1], [3], "int32")],
    (x, indices) => tf.gather(x, indices, 1),
    {
      gradients: true,
    },
  );
  same("others", [integers([4]), booleans([4]), rows], (x, y, indices) => [
    tf.gather(x, indices),
    tf.gather(y, indices),
  ]);
  same("a scalar index", [float([4, 2]), exactly([1], [], "int32")], (x, index) => tf.gather(x, index));
  same("no indices", [float([4, 2]), exactly([], [0], "int32")], (x, indices) => tf.gather(x, indices));
  same("in batches", [float([2, 5]), exactly([4, 0, 1, 2, 2, 3], [2, 3], "int32")], (x, indices) =>
    tf.gather(x, indices, 1, 1),
  );
  same("in batches, later axis", [float([2, 3, 5, 2]), exactly([4, 0, 1, 2], [2, 2], "int32")], (x, indices) =>
    tf.gather(x, indices, 2, 1),
  );
  same("gatherND", [float([3, 4, 2]), exactly([0, 1, 2, 3], [2, 2], "int32")], (x, indices) => tf.gatherND(x, indices));
  same("booleanMask-like selection", [integers([6])], (x) => tf.gather(x, tf.tensor1d([5, 0], "int32")));

  for (const index of [-1, 5, 2 ** 30]) {
    it(`refuses the index ${index} at the call, or when the result is read, and goes on`, async () => {
      await on("onnx", () => {
        const x = tensorOf(float([5, 3]));
        const known = tf.tensor1d([0, index], "int32");
        expect(() => tf.gather(x, known)).toThrow(`the index value ${index} is not in [0, 4]`);
        expect(() => tf.gatherND(x, tf.reshape(known, [2, 1]))).toThrow(`the index value ${index} is not in [0, 4]`);
        const indices = tf.mul(known, tf.scalar(1, "int32"));
        for (const gathered of [tf.gather(x, indices), tf.gatherND(x, tf.reshape(indices, [2, 1]))]) {
          expect(() => gathered.dataSync()).toThrow(expect.toSatisfy((error) => BackendError.is(error, "runtime")));
        }
        expect(tf.gather(x, tf.tensor1d([4], "int32")).dataSync()).toEqual(tf.slice(x, [4, 0], [1, 3]).dataSync());
      });
    });
  }
});

describe("scatter", () => {
  same("scatterND adds duplicates", [exactly([1, 3, 1], [3, 1], "int32"), float([3, 2])], (indices, updates) =>
    tf.scatterND(indices, updates, [5, 2]),
  );
  same("scatterND of points", [exactly([0, 1, 2, 0], [2, 2], "int32"), integers([2])], (indices, updates) =>
    tf.scatterND(indices, updates, [3, 2]),
  );
  same("scatterND of nothing", [exactly([], [0, 1], "int32"), exactly([], [0])], (indices, updates) =>
    tf.scatterND(indices, updates, [3]),
  );
  same(
    "tensorScatterUpdate",
    [float([4, 2]), exactly([3, 0], [2, 1], "int32"), float([2, 2], 5, 6)],
    (x, indices, updates) => tf.tensorScatterUpdate(x, indices, updates),
  );
  same(
    "unsortedSegmentSum",
    [float([5, 3]), exactly([2, 0, 2, 1, 2], [5], "int32")],
    (x, ids) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 4),
    { gradients: true },
  );
  same(
    "unsortedSegmentSum leaves out ids out of range",
    [float([4, 2]), exactly([-1, 1, 9, 1], [4], "int32")],
    (x, ids) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 3),
  );
  same(
    "unsortedSegmentSum of numbers and of nothing",
    [float([4]), exactly([0, 1, 0, 1], [4], "int32"), float([0, 2]), exactly([], [0], "int32")],
    (x, ids, y, none) => [
      tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 2),
      tf.unsortedSegmentSum(y, none as tf.Tensor1D, 2),
    ],
  );
  it("refuses positions out of range", async () => {
    await on("onnx", () => {
      const known = tf.tensor2d([[7]], [1, 1], "int32");
      expect(() => tf.scatterND(known, tf.tensor1d([1]), [3])).toThrow("the index value 7 is not in [0, 2]");
      expect(() => tf.tensorScatterUpdate(tf.zeros([3]), known, tf.ones([1]))).toThrow("not in [0, 2]");
      expect(() => tf.sparseToDense(known, tf.ones([1]), [3], 0)).toThrow("not in [0, 2]");
      const scattered = tf.scatterND(tf.mul(known, tf.scalar(1, "int32")), tf.tensor1d([1]), [3]);
      expect(() => scattered.dataSync()).toThrow(expect.toSatisfy((error) => BackendError.is(error, "runtime")));
    });
  });
});

describe("oneHot", () => {
  same("of ids", [exactly([2, 0, 1], [3], "int32")], (indices) => [
    tf.oneHot(indices, 4),
    tf.oneHot(indices, 4, 5, -1, "float32"),
  ]);
  same("of ids out of range", [exactly([-1, 3, 9], [3], "int32")], (indices) => tf.oneHot(indices, 3));
  same("of a matrix", [exactly([2, 0, 1, 1], [2, 2], "int32")], (indices) => tf.oneHot(indices, 3, 1, 0, "bool"));
  same("of nothing", [exactly([], [0], "int32")], (indices) => tf.oneHot(indices, 3));
});
