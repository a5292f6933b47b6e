import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { BackendError } from "@mlan/backend-onnx";
import { booleans, exactly, float, integers, on, onProvider, same } from "../kernels/both-backends.ts";
import { TENTH, tenths } from "../kernels/tenths.ts";
import { openSwiftShader } from "./swiftshader.ts";

const missing = openSwiftShader();
if (missing !== undefined) console.warn(`The tests of WebGPU are skipped: ${missing}.`);

onProvider("webgpu");

describe.skipIf(missing !== undefined)("on WebGPU", () => {
  const x = float([3, 4]);
  const row = float([4]);
  const differentiable = { gradients: true, absolute: 1e-5, relative: 1e-4 };

  same(
    "arithmetic that broadcasts",
    [x, row],
    (a, b) => tf.div(tf.sub(tf.mul(a!, b!), b!), tf.add(tf.square(a!), 1)),
    differentiable,
  );
  same("functions of one number", [float([20])], (a) => [
    tf.exp(a!),
    tf.tanh(a!),
    tf.sigmoid(a!),
    tf.erf(a!),
    tf.relu(a!),
    tf.selu(a!),
    tf.abs(a!),
    tf.floor(a!),
    tf.sign(a!),
  ]);
  const nearZero = exactly([0, 1e-12, 1e-7, -1e-6, 3e-6, 1e-4, 3e-4, 0.02, -0.3, 0.5, -0.5, 0.51, -0.6, 0.9, 4, 30]);
  same("functions that lose digits near 0", [nearZero], (a) => [tf.log1p(a!), tf.expm1(a!)], { absolute: 0 });
  same("softplus", [exactly([0, 1e-7, -1e-6, 0.02, -0.3, 0.9, 4, 30])], (a) => tf.softplus(a!));
  same("rounding, halves to the even number", [exactly([0.5, 1.5, -0.5, -2.5, 2.4, -2.6, 1e9])], (a) => tf.round(a!));
  same("comparison and logic", [integers([6]), integers([6], -1, 1), booleans([6]), booleans([6])], (a, b, p, q) => [
    tf.equal(a!, b!),
    tf.less(a!, b!),
    tf.logicalOr(p!, q!),
    tf.logicalXor(p!, q!),
    tf.logicalNot(p!),
    tf.equal(p!, q!),
  ]);
  same("integers and booleans", [integers([4, 5]), booleans([4, 5])], (a, p) => [
    tf.abs(a!),
    tf.neg(a!),
    tf.sum(a!, 1),
    tf.prod(a!, 1),
    tf.max(a!, 0),
    tf.slice(a!, [1, 2], [2, 3]),
    tf.reverse(a!, 1),
    tf.slice(p!, [1, 0], [2, 4]),
    tf.concat([p!, p!], 1),
    tf.transpose(p!),
    tf.sum(p!, 0),
    tf.mod(a!, tf.scalar(3, "int32")),
    tf.floorDiv(a!, tf.scalar(3, "int32")),
  ]);
  same("casts", [exactly([1.9, -1.9, 0, NaN, Infinity, -7.5])], (a) => [tf.cast(a!, "int32"), tf.cast(a!, "bool")]);
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      same(
        `matMul, transposeA ${transposeA}, transposeB ${transposeB}`,
        [float(transposeA ? [2, 5, 3] : [2, 3, 5]), float(transposeB ? [2, 4, 5] : [2, 5, 4])],
        (a, b) => tf.matMul(a!, b!, transposeA, transposeB),
        differentiable,
      );
    }
  }
  same("softmax", [x], (a) => tf.softmax(a!), differentiable);
  same("logSoftmax", [x], (a) => tf.logSoftmax(a!), differentiable);
  same("a softmax with a mask", [float([2, 3, 3])], (a) =>
    tf.softmax(tf.add(a!, tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([3, 3]), -1, 0)), -1e9))),
  );
  same("reductions", [float([3, 4, 2])], (a) => [
    tf.sum(a!, 1),
    tf.mean(a!, [0, 2]),
    tf.max(a!, -1),
    tf.min(a!),
    tf.prod(a!, 0),
    tf.argMax(a!, 1),
    tf.argMin(a!, 2),
    tf.cumsum(a!, 1),
  ]);
  same("the best few", [float([2, 7])], (a) => {
    const { values, indices } = tf.topk(a!, 3);
    return [values, indices];
  });
  same("gather", [float([5, 3]), integers([2, 2], 0, 4)], (a, indices) => tf.gather(a!, indices!), differentiable);
  same("gather along another axis, and in batches", [float([2, 5, 3]), integers([2, 4], 0, 2)], (a, indices) => [
    tf.gather(a!, tf.reshape(indices!, [-1]), 1),
    tf.gather(a!, indices!, 2, 1),
  ]);
  same("gatherND", [float([3, 4, 2]), exactly([0, 1, 2, 3, 1, 0], [3, 2], "int32")], (a, indices) =>
    tf.gatherND(a!, indices!),
  );
  same("scatter where rows meet", [exactly([0, 2, 0, 0, 2], [5, 1], "int32"), float([5, 3])], (indices, updates) =>
    tf.scatterND(indices!, updates!, [4, 3]),
  );
  same("sums of segments", [float([6, 2]), exactly([0, 1, 0, 2, 2, 0], [6], "int32")], (a, ids) =>
    tf.unsortedSegmentSum(a!, ids! as tf.Tensor1D, 3),
  );
  same("oneHot", [integers([4], 0, 5)], (indices) => tf.oneHot(indices! as tf.Tensor1D, 6));
  same("moving data", [float([2, 3, 4])], (a) => [
    tf.transpose(a!, [2, 0, 1]),
    tf.pad(a!, [
      [0, 1],
      [1, 0],
      [2, 2],
    ]),
    tf.tile(a!, [1, 2, 1]),
    tf.concat([a!, a!], 1),
    tf.stack([a!, a!], 1),
    ...tf.split(a!, 2, 2),
    tf.stridedSlice(a!, [0, 0, 3], [2, 3, 0], [1, 2, -1]),
  ]);
  same(
    "a patch embedding",
    [float([2, 4, 4, 3]), float([2, 2, 3, 5])],
    (image, filter) => tf.conv2d(image! as tf.Tensor4D, filter! as tf.Tensor4D, 2, "valid"),
    differentiable,
  );
  same(
    "tensors large enough to be copied by themselves",
    [float([30, 40]), integers([30, 40]), booleans([30, 40])],
    (a, b, p) => [a!, b!, p!, tf.neg(a!), tf.logicalNot(p!), tf.add(b!, 1), tf.where(p!, a!, 0)],
  );
  same("what was computed there, as exponent and as indices", [float([5, 300], 0.5, 2)], (a) => {
    const exponent = tf.mean(a!);
    const indices = tf.argMax(a!, 0);
    for (const computed of [exponent, indices]) computed.dataSync();
    return [tf.pow(a!, exponent), tf.gather(a!, indices)];
  });
  same("empty and scalar tensors", [float([0, 3]), float([])], (a, b) => [a!, tf.add(b!, 1), tf.sum(a!, 0)]);
});

describe.skipIf(missing !== undefined)("long sums on WebGPU", () => {
  const n = 20_011;
  const zeros = (...shape: number[]): tf.Tensor => tf.fill(shape, 0, "int32");
  const total = (row: number): number => (row === 0 ? n * TENTH : 0);
  const sums: Readonly<Record<string, readonly [() => tf.Tensor, number | ((index: number) => number)]>> = {
    cumsum: [() => tf.cumsum(tenths(n)), (index) => (index + 1) * TENTH],
    "cumsum backwards": [() => tf.slice(tf.cumsum(tenths(2, n), 1, true, true), 0, [2, 1]), (n - 1) * TENTH],
    bincount: [() => tf.bincount(zeros(n) as tf.Tensor1D, tenths(n) as tf.Tensor1D, 1), n * TENTH],
    "sums of segments": [
      () => tf.sum(tf.unsortedSegmentSum(tenths(n, 2), zeros(n) as tf.Tensor1D, 3), 1),
      (row) => 2 * total(row),
    ],
    scatterND: [() => tf.scatterND(zeros(n, 1), tenths(n), [1]), n * TENTH],
    "products of matrices": [() => tf.matMul(tenths(2, n), tf.ones([n, 3])), n * TENTH],
    einsum: [() => tf.einsum("ij,ik->jk", tenths(n, 2), tf.ones([n, 3])), n * TENTH],
    "gradients of filters": [
      () =>
        tf.grad((filter: tf.Tensor) =>
          tf.conv2d(tenths(1, 151, 151, 1) as tf.Tensor4D, filter as tf.Tensor4D, 1, "valid"),
        )(tf.ones([2, 2, 1, 2])),
      150 * 150 * TENTH,
    ],
    "products of two thousand numbers": [() => tf.prod(tf.add(tf.zeros([2048]), 1.0009765625)), 1.0009765625 ** 2048],
  };
  it.each(Object.entries(sums))("%s are exact to 1e-5", (_, [run, expected]) =>
    on("onnx", () => {
      const wanted = typeof expected === "number" ? (): number => expected : expected;
      const far = Array.from(
        run().dataSync(),
        (value, index) => Math.abs(value - wanted(index)) / (wanted(index) || 1),
      );
      expect(Math.max(...far)).toBeLessThanOrEqual(1e-5);
    }),
  );
});

describe.skipIf(missing !== undefined)("operations that WebGPU cannot compute", () => {
  const refused = [
    ["a long product", () => tf.prod(tf.ones([5000])), /Prod\(float32\[5000\].*5000 numbers.*float64.*provider: "cpu"/],
    [
      "a long cumulative product",
      () => tf.cumprod(tf.ones([5000])),
      /Cumprod\(float32\[5000\].*5000 numbers.*float64.*provider: "cpu"/,
    ],
    [
      "bitwiseAnd",
      () => tf.bitwiseAnd(tf.tensor1d([6], "int32"), tf.tensor1d([3], "int32")),
      /BitwiseAnd\(int32\[1\].*no kernel.*"webgpu".*provider: "cpu"/,
    ],
    [
      "products of integers",
      () => tf.matMul(tf.ones([2, 2], "int32"), tf.ones([2, 2], "int32")),
      /BatchMatMul\(int32\[2,2\].*WebGPU.*tf\.cast/,
    ],
  ] as const;
  for (const [name, run, message] of refused) {
    it(`is refused by name, again and again, and spares the rest: ${name}`, async () => {
      await on("onnx", () => {
        for (let round = 0; round < 5; round++) {
          const independent = tf.add(round, 1);
          const error = thrown(() => run().dataSync());
          expect(BackendError.is(error, "unsupported")).toBe(true);
          expect(String(error)).toMatch(message);
          expect(independent.dataSync()[0]).toBe(round + 1);
        }
      });
    });
  }
});

function thrown(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
