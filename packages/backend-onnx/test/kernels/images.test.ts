import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { exactly, expectClose, float, on, same, tensorOf } from "./both-backends.ts";

const image = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

describe("conv2d", () => {
  const cases = [
    { name: "patches", image: [2, 6, 9, 3], filter: [2, 3, 3, 4], strides: [2, 3], pad: "valid" },
    { name: "size 1", image: [2, 3, 4, 3], filter: [1, 1, 3, 5], strides: [1, 1], pad: "same" },
    { name: "overlapping, same", image: [1, 5, 6, 2], filter: [3, 3, 2, 3], strides: [1, 1], pad: "same" },
    { name: "strided, same", image: [2, 7, 6, 2], filter: [3, 2, 2, 3], strides: [2, 2], pad: "same" },
    { name: "strided, valid, with a rest", image: [2, 8, 7, 2], filter: [3, 3, 2, 3], strides: [2, 3], pad: "valid" },
    { name: "padded by 1", image: [1, 5, 5, 2], filter: [3, 3, 2, 2], strides: [2, 2], pad: 1 },
  ] as const;
  for (const { name, image: shape, filter, strides, pad } of cases) {
    same(name, [float(shape), float(filter)], (x, w) => tf.conv2d(image(x), image(w), [...strides], pad), {
      gradients: true,
    });
    const [batch, height, width, channels] = shape;
    same(
      `${name}, channels first`,
      [float([batch, channels, height, width]), float(filter)],
      (x, w) => tf.conv2d(image(x), image(w), [...strides], pad, "NCHW"),
      { gradients: true },
    );
  }
  same("dilated", [float([1, 7, 7, 2]), float([3, 3, 2, 2])], (x, w) =>
    tf.conv2d(image(x), image(w), 1, "valid", "NHWC", 2),
  );
  same(
    "conv1d",
    [float([2, 6, 3]), float([2, 3, 4])],
    (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, "valid"),
    { gradients: true },
  );
  same(
    "conv2dTranspose",
    [float([1, 3, 3, 2]), float([2, 2, 4, 2])],
    (x, w) => tf.conv2dTranspose(image(x), image(w), [1, 6, 6, 4], 2, "same"),
    {
      gradients: true,
    },
  );
  same(
    "fused with bias and relu",
    [float([2, 4, 4, 3]), float([2, 2, 3, 5]), float([5])],
    (x, filter, bias) =>
      tf.fused.conv2d({ x: image(x), filter: image(filter), bias, strides: 2, pad: "valid", activation: "relu" }),
    { gradients: true },
  );
});

describe("pooling", () => {
  for (const pad of ["valid", "same"] as const) {
    same(`maxPool, ${pad}`, [float([2, 5, 6, 3])], (x) => tf.maxPool(image(x), [2, 3], 2, pad), { gradients: true });
    same(`avgPool, ${pad}`, [float([2, 5, 6, 3])], (x) => tf.avgPool(image(x), [2, 3], 2, pad), { gradients: true });
  }
  same("overlapping", [float([1, 6, 6, 2])], (x) => tf.maxPool(image(x), 3, 1, "same"), { gradients: true });
});

describe("resizing", () => {
  for (const alignCorners of [false, true]) {
    for (const size of [
      [7, 7],
      [3, 3],
    ] as [number, number][]) {
      const how = `to ${size}, alignCorners ${alignCorners}`;
      same(`bilinear ${how}`, [float([2, 5, 5, 3])], (x) => tf.image.resizeBilinear(image(x), size, alignCorners), {
        gradients: true,
      });
      same(`nearest ${how}`, [float([2, 5, 5, 3])], (x) =>
        tf.image.resizeNearestNeighbor(image(x), size, alignCorners),
      );
    }
  }
  same("bilinear with half pixel centers", [float([1, 4, 6, 2])], (x) =>
    tf.image.resizeBilinear(image(x), [7, 3], false, true),
  );
  same("nearest with half pixel centers", [float([1, 4, 6, 2])], (x) =>
    tf.image.resizeNearestNeighbor(image(x), [7, 3], false, true),
  );
});

// The cpu backend's gradients of resizing are not the adjoints of its values.
describe("the gradient of resizing", () => {
  const resizes = { resizeBilinear: tf.image.resizeBilinear, resizeNearestNeighbor: tf.image.resizeNearestNeighbor };
  for (const [name, resize] of Object.entries(resizes)) {
    for (const size of [
      [7, 3],
      [2, 9],
    ] as [number, number][]) {
      it(`${name} to ${size} is the adjoint`, async () => {
        await on("onnx", () => {
          const [x, dy] = [image(tensorOf(float([2, 4, 6, 3]))), tensorOf(float([2, ...size, 3], 0, 1))];
          const run = (input: tf.Tensor): tf.Tensor => resize(image(input), size, false, true);
          const [forward, backward] = [tf.sum(tf.mul(run(x), dy)), tf.sum(tf.mul(tf.grad(run)(x, dy), x))];
          expectClose([...backward.dataSync()], [...forward.dataSync()]);
        });
      });
    }
  }
});

describe("blocks and normalization", () => {
  same(
    "spaceToBatchND",
    [float([1, 4, 6, 2])],
    (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 1],
        ],
      ),
    { gradients: true },
  );
  same(
    "batchToSpaceND",
    [float([4, 2, 3, 2])],
    (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 1],
          [1, 0],
        ],
      ),
    { gradients: true },
  );
  same("depthToSpace", [float([2, 2, 3, 8])], (x) => tf.depthToSpace(image(x), 2));
  same(
    "batchNorm",
    [float([2, 3, 4]), float([4]), float([4], 0.1, 2), float([4]), float([4])],
    (x, mean, variance, offset, scale) =>
      tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D),
    { gradients: true },
  );
  same(
    "batchNorm without scale",
    [float([5, 4]), float([4]), float([4], 0.1, 2), exactly([1, 2, 3, 4])],
    (x, mean, variance, offset) => [
      tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D),
      tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, undefined, 0.01),
    ],
  );
});
