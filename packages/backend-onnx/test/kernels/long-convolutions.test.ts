import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { exactly, float, on, same } from "./both-backends.ts";
import { expectNear, TENTH, tenths } from "./tenths.ts";

type Image = tf.Tensor4D;
type Shape = readonly [number, number, number, number];

/** No gradients: the cpu backend lacks one of them and takes a minute for the other. */
const UNDIFFERENTIATED: ReadonlySet<string> = new Set(["a dilated window", "depthwise, a wide window, padded"]);
/**
 * Tolerance: the sum of this many random numbers depends on the order of addition by about this much. A part in a wrong
 * position changes the sum by 10 or more.
 */
const RANDOM = { absolute: 2e-3, relative: 1e-4 };

const PLAIN = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => tf.conv2d(x as Image, filter as Image, 1, "valid");
const DEPTHWISE = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
  tf.depthwiseConv2d(x as Image, filter as Image, 1, "valid");

describe("convolutions of a million numbers are as exact as in float64", () => {
  const side = 1000;
  const wholes: readonly (readonly [string, typeof PLAIN, Shape, Shape])[] = [
    ["one filter", PLAIN, [1, side, side, 1], [side, side, 1, 1]],
    ["filters", PLAIN, [1, side, side, 1], [side, side, 1, 3]],
    ["depthwise filters", DEPTHWISE, [1, side, side, 2], [side, side, 2, 1]],
    ["one filter of many channels", PLAIN, [1, 3, 3, 100_003], [2, 2, 100_003, 1]],
  ];
  it.each(wholes)("windows as large as the image, of %s", (_, convolve, image, [height, width, channels, filters]) =>
    on("onnx", () => {
      const count = height * width * (convolve === PLAIN ? channels : 1);
      expectNear(convolve(tenths(...image), tf.ones([height, width, channels, filters])), count * TENTH);
    }),
  );
  const gradients: readonly (readonly [string, typeof PLAIN, Shape, Shape, number])[] = [
    ["one filter", PLAIN, [1, side + 1, side + 1, 1], [2, 2, 1, 1], 1e-5],
    ["filters", PLAIN, [2, side + 1, side + 1, 1], [2, 2, 1, 2], 2e-5],
    ["depthwise filters", DEPTHWISE, [1, side + 1, 998, 2], [2, 2, 2, 1], 1e-5],
    ["depthwise filters, of several images", DEPTHWISE, [8, 356, 355, 1], [2, 2, 1, 2], 2e-5],
  ];
  it.each(gradients)("gradients of %s", (_, convolve, image, filter, relative) =>
    on("onnx", () => {
      const [batch, height, width] = image;
      const gradient = tf.grad((weights: tf.Tensor) => convolve(tenths(...image), weights))(tf.ones([...filter]));
      expectNear(gradient, batch * (height - 1) * (width - 1) * TENTH, relative);
    }),
  );
  it.each([
    ["one filter", tf.conv2d],
    ["depthwise filters", tf.depthwiseConv2d],
  ])("gradients of an image whose middle many windows show, of %s", (_, convolve) =>
    on("onnx", () => {
      const gradient = tf.grad((x: tf.Tensor) => convolve(x as Image, tenths(65, 65, 1, 1) as Image, 1, "same"));
      expectNear(tf.slice(gradient(tf.ones([1, 65, 65, 1])), [0, 32, 32, 0], [1, 1, 1, 1]), 65 * 65 * TENTH);
    }),
  );
});

describe("convolutions in blocks use every element", () => {
  const cases: readonly (readonly [string, Shape, Shape, typeof PLAIN])[] = [
    ["a large window, padded", [2, 67, 66, 1], [66, 65, 1, 1], (x, f) => tf.conv2d(x as Image, f as Image, [3, 2], 4)],
    ["a wide window", [1, 1, 4120, 1], [1, 4111, 1, 1], PLAIN],
    [
      "a dilated window",
      [1, 140, 140, 1],
      [67, 67, 1, 1],
      (x, f) => tf.conv2d(x as Image, f as Image, 1, 3, "NHWC", 2),
    ],
    ["many channels", [1, 3, 2, 1100], [2, 2, 1100, 1], (x, f) => tf.conv2d(x as Image, f as Image, 1, "same")],
    ["depthwise, a large window", [2, 67, 66, 2], [66, 66, 2, 2], DEPTHWISE],
    [
      "depthwise, a wide window, padded",
      [1, 2, 4100, 2],
      [1, 4099, 2, 1],
      (x, f) => tf.depthwiseConv2d(x as Image, f as Image, 1, 2),
    ],
    ["one filter, strides", [3, 101, 89, 2], [3, 2, 2, 1], (x, f) => tf.conv2d(x as Image, f as Image, [2, 1], "same")],
    [
      "depthwise filters, strides",
      [5, 67, 67, 2],
      [3, 2, 2, 1],
      (x, f) => tf.depthwiseConv2d(x as Image, f as Image, [2, 2], "same"),
    ],
    ["layout NCHW", [1, 1, 71, 71], [2, 3, 1, 1], (x, f) => tf.conv2d(x as Image, f as Image, 1, "valid", "NCHW")],
  ];
  for (const [name, image, filter, convolve] of cases) {
    const differentiable = !UNDIFFERENTIATED.has(name);
    same(name, [float(image), float(filter)], (x, f) => convolve(x!, f!), { ...RANDOM, gradients: differentiable });
  }
});

describe("a pixel that is not finite changes only the windows that show it", () => {
  const cases: readonly (readonly [string, Shape, Shape, typeof PLAIN, place: number])[] = [
    ["behind the last row of some", [1, 70, 66, 1], [67, 65, 1, 1], PLAIN, 68 * 66 + 30],
    ["in the rows that are left over", [1, 70, 66, 1], [67, 65, 1, 1], PLAIN, 64 * 66],
    ["behind the last column of some", [1, 1, 4120, 1], [1, 4111, 1, 1], PLAIN, 4115],
    ["strided", [1, 76, 66, 1], [67, 65, 1, 1], (x, f) => tf.conv2d(x as Image, f as Image, [3, 1], "valid"), 70 * 66],
    ["padded", [1, 70, 66, 1], [67, 65, 1, 1], (x, f) => tf.conv2d(x as Image, f as Image, 1, 2), 67 * 66 + 9],
    ["depthwise", [1, 70, 66, 2], [67, 65, 2, 1], DEPTHWISE, (68 * 66 + 30) * 2],
    ["of many channels", [1, 3, 3, 1117], [2, 2, 1117, 1], PLAIN, 9 * 1117 - 1],
  ];
  for (const [name, image, filter, convolve, place] of cases) {
    for (const value of [Infinity, NaN]) {
      const pixels = exactly(float(image).values.with(place, value), image);
      same(`${name}, ${value}`, [pixels, float(filter)], (x, f) => convolve(x!, f!), RANDOM);
    }
  }
});

describe("windows as large as their image", () => {
  same(
    "with padding, are not taken for patches",
    [float([1, 4, 5, 2]), float([4, 5, 2, 3])],
    (x, filter) => tf.conv2d(x as Image, filter as Image, [4, 5], 1, "NHWC", 1, "floor"),
    { gradients: true },
  );
});
