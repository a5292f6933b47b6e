import { rmsNorm } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { on } from "./both-backends.ts";
import { expectNear, TENTH, tenths } from "./tenths.ts";

/** A composite length, and a prime, which no block divides. */
const LENGTHS = [1_000_000, 999_983];

/** Declares a test on the backend "onnx" for each of the lengths. */
function each(name: string, body: (length: number) => void): void {
  it.each(LENGTHS)(`${name} of %i numbers`, (length) => on("onnx", () => body(length)));
}

describe("sums are as exact as in float64", () => {
  each("all", (n) => {
    expectNear(tf.sum(tenths(n)), n * TENTH);
    expectNear(tf.mean(tenths(n)), TENTH);
    expectNear(tf.norm(tenths(n)), Math.sqrt(n * TENTH * TENTH));
  });
  each("along the first axis", (n) => {
    expectNear(tf.sum(tenths(n, 3), 0), n * TENTH);
    expectNear(tf.mean(tenths(n, 1), 0, true), TENTH);
  });
  each("along the last axis", (n) => {
    expectNear(tf.sum(tenths(3, n), 1), n * TENTH);
    expectNear(tf.mean(tenths(2, n), -1, true), TENTH);
  });
  each("along an axis in the middle", (n) => expectNear(tf.sum(tenths(2, n, 2), 1, true), n * TENTH));
  each("along axes that are apart", (n) => {
    const long = tf.ones([1, 1, n]);
    expectNear(tf.sum(tf.mul(tenths(3, 2, 1), long), [0, 2]), 3 * n * TENTH);
  });
  it("include every block", () =>
    on("onnx", () => {
      const shape = [3, 1031, 5];
      const values = Float32Array.from({ length: 3 * 1031 * 5 }, (_, index) => (index % 977) / 7);
      const wanted = new Float64Array(15);
      for (const [index, value] of values.entries()) {
        const place = Math.floor(index / (1031 * 5)) * 5 + (index % 5);
        wanted[place] = (wanted[place] ?? 0) + value;
      }
      expectNear(tf.sum(tf.tensor(values, shape), 1), (index) => wanted[index] ?? NaN);
      expectNear(tf.mean(tf.tensor(values, shape), 1), (index) => (wanted[index] ?? NaN) / 1031);
    }));
  each("of spread numbers, to their variance", (n) => {
    const values = Float32Array.from({ length: n }, (_, index) => (index % 2 === 0 ? 0.9 : 1.1));
    expectNear(tf.moments(tf.tensor1d(values)).variance, 0.01, 1e-4);
  });
  each("of gradients", (n) => {
    const bias = tf.zeros<tf.Rank.R1>([2]);
    const gradient = tf.grad((b: tf.Tensor) => tf.mul(tenths(n, 2), b))(bias);
    expectNear(gradient, n * TENTH);
  });
  it("of ten million squares, which clip gradients", () =>
    on("onnx", () => {
      const n = 10_000_000;
      expectNear(tf.sqrt(tf.sum(tf.square(tenths(n)))), Math.sqrt(n * TENTH * TENTH));
    }));
});

describe("other kernels that add up are as exact", () => {
  each("cumulative sums", (n) => {
    expectNear(tf.cumsum(tenths(n)), (index) => (index + 1) * TENTH);
    expectNear(tf.slice(tf.cumsum(tenths(n), 0, true, true), 0, n - 1), (index) => (n - 1 - index) * TENTH);
  });
  each("products", (n) => {
    const factor = Math.fround(1.00001);
    expectNear(tf.prod(tf.mul(tf.ones([n]), factor)), factor ** n);
  });
  it("products that exceed the largest float32", () =>
    on("onnx", () => expectNear(tf.prod(tf.tensor1d([1e30, 1e30, 1e-30, 1e-30])), 1, 1e-6)));
  each("counts with weights", (n) => {
    const [bins, weights] = [tf.zeros<tf.Rank.R1>([n], "int32"), tenths(n) as tf.Tensor1D];
    expectNear(tf.bincount(bins, weights, 1), n * TENTH);
    expectNear(tf.denseBincount(bins, weights, 1), n * TENTH);
  });
  each("segments and scattered numbers", (n) => {
    const ids = tf.zeros<tf.Rank.R1>([n], "int32");
    expectNear(tf.slice(tf.unsortedSegmentSum(tenths(n, 2), ids, 2), 0, 1), n * TENTH);
    expectNear(tf.scatterND(tf.zeros([n, 1], "int32"), tenths(n), [1]), n * TENTH);
  });
  each("rows of an embedding that many tokens share", (n) => {
    const gradient = tf.grad((table: tf.Tensor) => tf.mul(tf.gather(table, tf.zeros([n], "int32")), TENTH));
    expectNear(tf.slice(gradient(tf.ones([2, 1])), 0, 1), n * TENTH);
  });
  it("pools over whole images, and their gradients", () =>
    on("onnx", () => {
      const image = tenths(1, 1000, 1000, 2) as tf.Tensor4D;
      expectNear(tf.avgPool(image, 1000, 1000, "valid"), TENTH, 2e-5);
      // The center of 101 x 101 pixels is in every window of 101 x 101 that the padding allows.
      const gradient = tf.grad((x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, 101, 1, "same"))(
        tf.ones([1, 101, 101, 1]),
        tenths(1, 101, 101, 1),
      );
      expectNear(tf.slice(gradient, [0, 50, 50, 0], [1, 1, 1, 1]), TENTH);
    }));
  it("many tensors", () =>
    on("onnx", () => expectNear(tf.addN(Array.from({ length: 3000 }, () => tenths(1))), 300.000004)));
  it("gradients of morphological filters", () =>
    on("onnx", () => {
      const inputs = { x: tf.ones([1, 501, 501, 1]), filter: tf.tensor3d([1, 0, 0, 0], [2, 2, 1]) };
      const attributes = { strides: 1, pad: "valid", dilations: 1 };
      const dy = tenths(1, 500, 500, 1);
      const gradient = tf.engine().runKernel(tf.Dilation2DBackpropFilter, { ...inputs, dy }, attributes) as tf.Tensor;
      expectNear(tf.slice(gradient, [0, 0, 0], [1, 1, 1]), 250_000 * TENTH);
    }));
  each("products of vectors", (n) => {
    const [row, column] = [tenths(1, n), tf.ones([n, 1])];
    expectNear(tf.matMul(row, column), n * TENTH);
    expectNear(tf.matMul(tf.reshape(row, [n, 1]), column, true), n * TENTH);
    expectNear(tf.matMul(row, tf.reshape(column, [1, n]), false, true), n * TENTH);
    expectNear(tf.matMul(tenths(2, 3, n), column), n * TENTH);
  });
  each("products of matrices", (n) => {
    expectNear(tf.matMul(tenths(4, n), tf.ones([n, 3])), n * TENTH, 2e-5);
    expectNear(tf.matMul(tenths(n, 4), tf.ones([n, 3]), true), n * TENTH, 2e-5);
    expectNear(tf.matMul(tenths(4, n), tf.ones([3, n]), false, true), n * TENTH, 2e-5);
  });
  it("products include every block", () =>
    on("onnx", () => {
      const inner = 8209;
      const values = Float32Array.from({ length: 3 * inner }, (_, index) => (index % 101) / 7);
      const wanted = [0, 1, 2].map((row) =>
        values.subarray(row * inner, (row + 1) * inner).reduce((sum, value, index) => sum + value * (index % 5), 0),
      );
      const weights = tf.tensor2d(
        Float32Array.from({ length: inner }, (_, index) => index % 5),
        [inner, 1],
      );
      const matrix = tf.tensor2d(values, [3, inner]);
      expectNear(tf.matMul(matrix, weights), (row) => wanted[row] ?? NaN);
      expectNear(tf.matMul(tf.transpose(matrix), weights, true), (row) => wanted[row] ?? NaN);
      expectNear(tf.einsum("ij,jk->ki", matrix, weights), (row) => wanted[row] ?? NaN);
    }));
  each("einsum", (n) => {
    expectNear(tf.einsum("i->", tenths(n)), n * TENTH);
    expectNear(tf.einsum("ij->j", tenths(n, 3)), n * TENTH);
    expectNear(tf.einsum("i,i->", tenths(n), tf.ones([n])), n * TENTH);
    expectNear(tf.einsum("ij,ik->jk", tenths(n, 2), tf.ones([n, 3])), n * TENTH, 2e-5);
  });
  it.each(["ij,i->i", "i,ij->i"])("einsum where an operand without the long index is infinite: %s", (equation) =>
    on("onnx", () => {
      const [long, short] = [tf.ones([3, 100_003]), tf.tensor1d([1, Infinity, 2])];
      const sums = tf.einsum(equation, ...(equation.startsWith("ij") ? [long, short] : [short, long]));
      expect(Array.from(sums.dataSync())).toEqual([100_003, Infinity, 200_006]);
    }),
  );
  it("einsum over several indices", () =>
    on("onnx", () =>
      expectNear(tf.einsum("aij,ij->a", tenths(2, 1009, 1013), tf.ones([1009, 1013])), 1009 * 1013 * TENTH),
    ));
  each("softmax", (n) => {
    const logits = new Float32Array(n).fill(Math.log(0.1));
    logits[0] = 0;
    const sum = 1 + (n - 1) * Math.exp(Math.fround(Math.log(0.1)));
    expectNear(tf.slice(tf.softmax(tf.tensor2d(logits, [1, n])), [0, 0], [1, 1]), 1 / sum);
    expectNear(tf.slice(tf.logSoftmax(tf.tensor2d(logits, [1, n])), [0, 0], [1, 1]), -Math.log(sum));
    expectNear(tf.logSumExp(tf.tensor2d(logits, [1, n])), Math.log(sum));
  });
  each("root mean squares", (n) => {
    expectNear(rmsNorm(tenths(2, n) as tf.Tensor2D, tf.ones([n]), 1e-12), 1);
  });
});
