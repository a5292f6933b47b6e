import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { exactly, expectClose, float, integers, on, same, tensorOf } from "./both-backends.ts";

const shapes = { rows: 3, inner: 5, columns: 4 };

function operands(batchA: number[], batchB: number[], transposeA: boolean, transposeB: boolean) {
  const { rows, inner, columns } = shapes;
  return [
    float([...batchA, ...(transposeA ? [inner, rows] : [rows, inner])]),
    float([...batchB, ...(transposeB ? [columns, inner] : [inner, columns])]),
  ];
}

describe("matMul", () => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const how = `transposeA ${transposeA}, transposeB ${transposeB}`;
      const multiply = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b, transposeA, transposeB);
      same(`matrices, ${how}`, operands([], [], transposeA, transposeB), multiply, { gradients: true });
      same(`batches, ${how}`, operands([2, 3], [2, 3], transposeA, transposeB), multiply, { gradients: true });
      same(`a broadcast batch, ${how}`, operands([1], [3], transposeA, transposeB), multiply);
      same(`a broadcast matrix, ${how}`, operands([2, 3], [], transposeA, transposeB), multiply);
      same(`integers, ${how}`, [integers([3, 3]), integers([3, 3])], multiply);
      same(`batches of integers, ${how}`, [integers([2, 3, 3]), integers([2, 3, 3])], multiply);
    }
  }
  same("sums of no products", [float([2, 0]), float([0, 3])], (a, b) => tf.matMul(a, b));
  same("no rows", [float([0, 2]), float([2, 3])], (a, b) => tf.matMul(a, b));
  same("dot and outer product", [float([4]), float([4])], (a, b) => [
    tf.dot(a, b),
    tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D),
  ]);
  it("broadcasts both batches", async () => {
    await on("onnx", () => {
      const [a, b] = operands([2, 1], [3], false, true).map(tensorOf) as [tf.Tensor, tf.Tensor];
      const repeated = tf.matMul(tf.tile(a, [1, 3, 1, 1]), tf.tile(tf.expandDims(b, 0), [2, 1, 1, 1]), false, true);
      const product = tf.matMul(a, b, false, true);
      expect(product.shape).toEqual([2, 3, 3, 4]);
      expectClose([...product.dataSync()], [...repeated.dataSync()]);
    });
  });
  it("names both shapes when they do not fit", async () => {
    await on("onnx", () => {
      const [a, b] = [tensorOf(float([2, 3])), tensorOf(float([4, 5]))];
      expect(() => tf.matMul(a, b)).toThrow(/\[2,3\].*\[4,5\]|2,3.*4,5/);
    });
  });
});

describe("fused matMul", () => {
  for (const activation of ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"] as const) {
    same(
      `with ${activation}`,
      [float([3, 5]), float([5, 4]), float([4]), float([4], 0, 1)],
      (a, b, bias, preluActivationWeights) =>
        tf.fused.matMul({
          a,
          b,
          bias,
          activation,
          preluActivationWeights,
          leakyreluAlpha: 0.3,
          transposeA: false,
          transposeB: false,
        }),
    );
  }
  same("without bias", [float([2, 3, 5]), float([2, 4, 5])], (a, b) => tf.fused.matMul({ a, b, transposeB: true }));
  same(
    "gradients",
    [float([3, 5]), float([5, 4]), float([4])],
    (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "relu" }),
    {
      gradients: true,
    },
  );
});

describe("einsum", () => {
  for (const equation of ["ij,jk->ik", "bij,bkj->bik", "ij,ij->", "ij,jk->ki", "bhqd,bhkd->bhqk"]) {
    const [left = "", right = ""] = equation.split("->")[0]!.split(",");
    const sizes: Record<string, number> = { b: 2, h: 3, i: 4, j: 5, k: 6, q: 4, d: 5 };
    const inputs = [left, right].map((term) => float([...term].map((index) => sizes[index]!)));
    same(equation, inputs, (a, b) => tf.einsum(equation, a, b));
  }
  same("ij->j", [float([3, 4])], (a) => tf.einsum("ij->j", a));
  same("an empty index", [exactly([], [2, 0]), exactly([], [0, 3])], (a, b) => tf.einsum("ij,jk->ik", a, b));
});
