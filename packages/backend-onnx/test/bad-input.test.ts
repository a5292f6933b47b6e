import { BackendError } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { exactly, on, same, SPECIAL, tensorOf, type Input } from "./kernels/both-backends.ts";

/** The smallest and the largest int32, and numbers whose products overflow. */
const ENDS: Input = exactly([2 ** 31 - 1, -(2 ** 31), 46_341, 65_536, -65_536, 7, -1, 0], [8], "int32");
/** All pairs of the special numbers. */
const LEFT: Input = exactly(SPECIAL.values.flatMap((value) => SPECIAL.values.map(() => value)));
const RIGHT: Input = exactly(SPECIAL.values.flatMap(() => SPECIAL.values));
/** Windows with NaN and infinities at every position, [1, 4, 4, 1]. */
const IMAGE: Input = { ...SPECIAL, shape: [1, 4, 4, 1] };
const NOTHING: Input = exactly([], [0, 4, 4, 2]);

type Image = tf.Tensor4D;

function image(shape: [number, number, number, number]): Image {
  return tf.ones(shape);
}

describe("NaN and infinities", () => {
  same("in operations of two numbers", [LEFT, RIGHT], (a, b) => [
    ...[tf.add, tf.sub, tf.mul, tf.div, tf.mod, tf.maximum, tf.minimum, tf.squaredDifference].map((op) => op(a, b)),
    ...[tf.equal, tf.notEqual, tf.less, tf.lessEqual, tf.greater, tf.greaterEqual].map((op) => op(a, b)),
  ]);
  same("in powers", [LEFT, RIGHT], (a, b) => tf.pow(a, b), { relative: 1e-4 });
  same("in arc tangents", [LEFT, RIGHT], (a, b) => tf.atan2(a, b));
  same("in functions of one number", [SPECIAL], (x) => [
    ...[tf.abs, tf.ceil, tf.floor, tf.round, tf.sign, tf.neg, tf.square, tf.reciprocal].map((op) => op(x)),
    ...[tf.relu, tf.relu6, tf.elu, tf.selu, tf.sigmoid, tf.tanh, tf.softplus, tf.exp].map((op) => op(x)),
    ...[tf.isNaN, tf.isInf, tf.isFinite, tf.log, tf.log1p, tf.sqrt, tf.rsqrt, tf.tan].map((op) => op(x)),
  ]);
  same("in sums, products and extremes", [SPECIAL], (x) =>
    [tf.sum, tf.prod, tf.mean, tf.max, tf.min, tf.cumsum, tf.cumprod].map((op) => op(x)),
  );
  const largest = Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? 3e38 : -3e38));
  same("are no extremes of numbers whose sum would pass the largest", [exactly(largest)], (x) => [
    tf.max(x),
    tf.min(x),
  ]);
  same("are not lost among infinities", [exactly([2, Infinity, NaN, 1, NaN, -Infinity], [2, 3])], (x) => [
    tf.max(x, 1),
    tf.min(x, 1),
  ]);
  for (const values of [
    [NaN, 1, 2],
    [1, NaN, 2],
    [1, 2, NaN],
    [NaN, NaN, NaN],
    [-Infinity, NaN, Infinity],
  ]) {
    same(`in the place of the extreme of ${values.join()}`, [exactly(values)], (x) => [tf.argMax(x), tf.argMin(x)]);
  }
  same("in pools", [IMAGE], (x) => [
    ...(["same", "valid"] as const).map((pad) => tf.maxPool(x as Image, 2, 1, pad)),
    tf.avgPool(x as Image, 2, 1, "same"),
    tf.maxPoolWithArgmax(x as Image, 2, 1, "valid").result!,
  ]);
  same(
    "in the gradient of a pool",
    [exactly([-Infinity, -Infinity, 1, -Infinity, -Infinity, 2, NaN, NaN, 3], [1, 3, 3, 1])],
    (x) => tf.maxPool(x as Image, 2, 1, "valid"),
    { gradients: true },
  );
  same("in resized images", [IMAGE], (x) => [
    tf.image.resizeBilinear(x as Image, [3, 7]),
    tf.image.resizeNearestNeighbor(x as Image, [3, 7]),
  ]);
  same("in normalized channels", [{ ...SPECIAL, shape: [1, 2, 2, 4] }], (x) =>
    tf.localResponseNormalization(x as Image, 1),
  );
  it("come last among the largest", async () => {
    await on("onnx", () => {
      const { values, indices } = tf.topk(tf.tensor1d([1, NaN, 3, 2]), 4);
      expect(Array.from(values.dataSync())).toEqual([3, 2, 1, NaN]);
      expect(Array.from(indices.dataSync())).toEqual([2, 3, 0, 1]);
    });
  });
  it("become 0 as int32", async () => {
    await on("onnx", () => {
      const { values } = tf.unique(tf.cast(tf.tensor1d([NaN, Infinity, -Infinity]), "int32"));
      expect(Array.from(values.dataSync())).toEqual([0]);
    });
  });
});

describe("int32", () => {
  it("wraps, and is exact where JavaScript's numbers round", async () => {
    await on("onnx", () => {
      const x = tensorOf(ENDS);
      const products = ENDS.values.map((value) => Math.imul(value, value));
      expect(Array.from(tf.mul(x, x).dataSync())).toEqual(products);
      expect(Array.from(tf.square(x).dataSync())).toEqual(products);
      expect(Array.from(tf.add(x, tf.scalar(1, "int32")).dataSync())).toEqual(
        ENDS.values.map((value) => (value + 1) | 0),
      );
      expect(Array.from(tf.neg(x).dataSync())).toEqual(ENDS.values.map((value) => -value | 0));
      expect(Array.from(tf.sum(x).dataSync())).toEqual([ENDS.values.reduce((sum, value) => (sum + value) | 0, 0)]);
    });
  });
  same("sums of rows wrap", [exactly([1, 2 ** 31 - 1, 46_341], [1, 3], "int32")], (x) => [tf.sum(x, 1), tf.sum(x)]);
  same("products of many wrap", [exactly([65_536, 65_537, 3], [3], "int32")], (x) => tf.prod(x));
  same("keeps every digit where rounding has nothing to do", [ENDS], (x) => tf.round(x));
  same("divided by zero ends no process", [ENDS, exactly([0], [], "int32")], (x, zero) => [
    tf.div(x, zero),
    tf.floorDiv(x, zero),
    tf.mod(x, zero),
    tf.divNoNan(x, zero),
  ]);
  same("the least number divided by -1", [exactly([-(2 ** 31)], [1], "int32"), exactly([-1], [], "int32")], (x, y) => [
    tf.div(x, y),
    tf.floorDiv(x, y),
    tf.mod(x, y),
  ]);
});

describe("tensors without elements", () => {
  same("in convolutions and pools", [NOTHING, exactly([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1])], (x, filter) => [
    tf.conv2d(x as Image, filter as Image, 1, "same"),
    tf.depthwiseConv2d(x as Image, filter as Image, 1, "same"),
    tf.maxPool(x as Image, 2, 2, "valid"),
    tf.avgPool(x as Image, 2, 2, "same"),
    tf.localResponseNormalization(x as Image),
  ]);
  same("of no input channels", [exactly([], [1, 3, 3, 0]), exactly([], [2, 2, 0, 2])], (x, filter) =>
    tf.conv2d(x as Image, filter as Image, 1, "same"),
  );
  same("in products of matrices", [exactly([], [2, 0]), exactly([], [0, 3])], (a, b) => [
    tf.matMul(a, b),
    tf.einsum("ij,jk->ik", a, b),
    tf.matMul(a, b, false, false),
  ]);
  same("in counts, searches and diagonals", [exactly([], [0])], (x) => [
    tf.bincount(tf.cast(x, "int32") as tf.Tensor1D, x as tf.Tensor1D, 3),
    tf.diag(x),
    tf.unique(x).values,
    tf.cumprod(x),
  ]);
});

describe("shapes that do not fit", () => {
  const refused: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "a broadcast": [() => tf.add(tf.ones([3]), tf.ones([2])), /broadcast.*3.*2/],
    "a product of matrices": [() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])), /inner .*3 and 2/],
    "a product of vectors": [
      () => tf.engine().runKernel(tf.BatchMatMul, { a: tf.ones([3]), b: tf.ones([3]) }),
      /at least two dimensions/,
    ],
    "a new shape": [() => tf.reshape(tf.ones([2, 3]), [4]), /6|size/],
    "an order of axes": [() => tf.transpose(tf.ones([2, 3]), [0, 0]), /\[0,0\] must name each axis/],
    "a concatenation": [() => tf.concat([tf.ones([2, 3]), tf.ones([3, 2])], 0), /shape/],
    "a padding": [() => tf.pad(tf.ones([2, 2]), [[1, 1]]), /1 paddings .* for a tensor of shape \[2,2\]/],
    "a gradient of a convolution": [
      () => tf.conv2dTranspose(image([1, 2, 2, 3]), image([3, 3, 2, 3]), [1, 9, 9, 2], 2, "same"),
      /dy of shape \[1,2,2,3\] does not cover/,
    ],
    "a window larger than its image": [
      () => tf.conv2d(image([1, 1, 1, 1]), image([5, 5, 1, 1]), 1, "valid"),
      /\[1,1,-3,-3\]/,
    ],
    "a stride of nothing": [() => tf.maxPool(image([1, 3, 3, 2]), 2, 0, "same"), /stride|Infinity|NaN/i],
    "an einsum": [() => tf.einsum("ij,jk->ik", tf.ones([2, 3]), tf.ones([2, 2])), /expected dimension 3 at axis 0/],
  };
  for (const [name, [run, message]] of Object.entries(refused)) {
    it(`are refused: ${name}`, async () => {
      await on("onnx", () => {
        expect(run).toThrow(message);
        expect(Array.from(tf.add(tf.ones([2]), 1).dataSync())).toEqual([2, 2]);
      });
    });
  }
});

describe("indices outside a tensor", () => {
  const call = (name: string, inputs: Record<string, tf.Tensor>, attributes: Record<string, unknown>): unknown =>
    tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap);
  const table = (): tf.Tensor => tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const refused: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
    "a slice before the beginning": [() => tf.slice(tf.range(0, 10), [-2], [4]), /from \[-2\] of size \[4\].*\[10\]/],
    "a slice of a fraction": [() => tf.slice(table(), [0.5, 0], [1, 2]), /does not fit into shape \[2,3\]/],
    "a slice of NaN": [() => tf.slice(table(), [Number.NaN, 0], [1, 2]), /does not fit/],
    "a negative padding": [
      () =>
        tf.pad(table(), [
          [-1, 0],
          [0, 0],
        ]),
      /one pair of whole numbers, 0 or more, for each axis/,
    ],
    "a mirror image longer than its axis": [
      () =>
        call(
          tf.MirrorPad,
          { x: table() },
          {
            paddings: [
              [5, 5],
              [0, 0],
            ],
            mode: "reflect",
          },
        ),
      /axis 0 of shape \[2,3\] is too short/,
    ],
    "a shape of fractions": [() => tf.reshape(table(), [1.5, 4]), /\[1.5,4\]/],
    "a negative repetition": [() => tf.tile(table(), [-1, 1]), /\[-2,3\]/],
    "more elements than an array holds": [() => tf.tile(table(), [1e9, 1e9]), /a tensor has at most 4294967296/],
    "an endless range": [() => tf.range(0, 1, 1e-300), /the result of Range would have/],
    "a huge image": [() => tf.image.resizeBilinear(image([1, 2, 2, 1]), [1e7, 1e7]), /the result of Resize would have/],
    "an axis that is none": [() => call(tf.Softmax, { logits: table() }, { dim: 5 }), /./],
    "a gradient of gather, known": [
      () => tf.grad((x: tf.Tensor) => tf.gather(x, tf.tensor1d([5], "int32")))(table()),
      /the index value 5 is not in \[0, 1\]/,
    ],
    "a gradient of gather, computed": [
      () => tf.grad((x: tf.Tensor) => tf.gather(x, tf.neg(tf.tensor1d([-5], "int32"))))(table()),
      /CheckedIndices/,
    ],
    "more of the largest than there are": [() => call(tf.TopK, { x: table() }, { k: 9, sorted: true }), /TopK/],
    "segments of another length": [
      () => call(tf.UnsortedSegmentSum, { x: table(), segmentIds: tf.tensor1d([0], "int32") }, { numSegments: 2 }),
      /UnsortedSegmentSum/,
    ],
    "a normalization by weights of another length": [
      () => call("RmsNorm", { x: table(), weight: tf.ones([7]) }, { epsilon: 1e-6 }),
      /RmsNorm/,
    ],
  };
  for (const [name, [run, message]] of Object.entries(refused)) {
    it(`are a typed error: ${name}`, async () => {
      await on("onnx", () => {
        const read = (): void => {
          for (const tensor of [run()].flat() as tf.Tensor[]) tensor.dataSync();
        };
        expect(read).toThrow(message);
        expect(read).toThrow(expect.toSatisfy((error) => BackendError.is(error)));
      });
    });
  }
});

describe("numbers that are not indices", () => {
  it("are refused when a count is read", async () => {
    await on("onnx", () => {
      const none = tf.tensor1d([]);
      expect(() => tf.bincount(tf.tensor1d([-1], "int32"), none, 3)).toThrow(/non-negative/);
      const counted = tf.bincount(tf.neg(tf.tensor1d([1, -2], "int32")), none, 3);
      expect(() => counted.dataSync()).toThrow(expect.toSatisfy((error) => BackendError.is(error, "runtime")));
    });
  });
  same("are left out of counts and one-hot rows", [exactly([0, 2, 9], [3], "int32")], (x) => [
    tf.bincount(x as tf.Tensor1D, tf.tensor1d([]), 3),
    tf.oneHot(x, 3),
  ]);
});

describe("a disposed tensor", () => {
  it("is refused by name in every kind of kernel", async () => {
    await on("onnx", () => {
      const gone = tf.ones([2, 2]);
      gone.dispose();
      const uses = [
        () => tf.exp(gone),
        () => tf.matMul(gone, gone),
        () => tf.unique(gone),
        () => tf.concat([gone, gone]),
      ];
      for (const use of uses) expect(use).toThrow(expect.toSatisfy((error) => BackendError.is(error, "disposed")));
    });
  });
});
