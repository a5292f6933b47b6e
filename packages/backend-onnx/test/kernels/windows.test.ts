import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { float, on, same, tensorOf } from "./both-backends.ts";

type Image = tf.Tensor4D;
type Pair = [number, number];
type Padding = "same" | "valid" | number | tf.backend_util.ExplicitPadding;

const pair = (first: number, second: number): Pair => [first, second];

/** The cases of a window at the border of an image with 5 rows and 4 columns. A single number pads as in tfjs. */
const WINDOWS: readonly { readonly size: Pair; readonly strides: Pair; readonly pad: Padding }[] = [
  { size: pair(2, 3), strides: pair(1, 1), pad: "same" },
  { size: pair(3, 2), strides: pair(2, 1), pad: "valid" },
  { size: pair(3, 1), strides: pair(1, 1), pad: 1 },
  { size: pair(3, 2), strides: pair(2, 1), pad: 2 },
  { size: pair(1, 2), strides: pair(3, 2), pad: 2 },
];

for (const { size, strides, pad } of WINDOWS) {
  describe(`windows [${size.join()}], strides [${strides.join()}], padding ${String(pad)}`, () => {
    const gradients = { gradients: true, absolute: 1e-5 };
    same(
      "convolve",
      [float([2, 5, 4, 2]), float([...size, 2, 3])],
      (x, filter) => tf.conv2d(x as Image, filter as Image, strides, pad),
      gradients,
    );
    same(
      "convolve each channel",
      [float([2, 5, 4, 2]), float([...size, 2, 3])],
      (x, filter) => tf.depthwiseConv2d(x as Image, filter as Image, strides, pad),
      gradients,
    );
    same("find the largest", [float([2, 5, 4, 2])], (x) => tf.maxPool(x as Image, size, strides, pad), gradients);
    same("average", [float([2, 5, 4, 2])], (x) => tf.avgPool(x as Image, size, strides, pad), gradients);
    same("say where the largest is", [float([2, 5, 4, 2])], (x) => {
      const { result, indexes } = tf.maxPoolWithArgmax(x as Image, size, strides, pad as "same", true);
      return [result!, indexes!];
    });
  });
}

describe("dilation", () => {
  for (const pad of ["same", "valid"] as const)
    same(
      `with ${pad} padding`,
      [float([2, 6, 5, 2]), float([2, 3, 2])],
      (x, filter) => tf.dilation2d(x as Image, filter as tf.Tensor3D, [2, 1], pad, [1, 2]),
      { gradients: true },
    );
});

describe("multinomial", () => {
  it("draws by the probabilities, and the same from one seed", async () => {
    await on("onnx", () => {
      const logits = tensorOf({ values: [0, 0, -100, -100, 3, 3], shape: [2, 3], dtype: "float32" }) as tf.Tensor2D;
      const draws = tf.multinomial(logits, 2000, 7);
      const ofRows = [0, 1].map((row) => Array.from(draws.dataSync().subarray(row * 2000, row * 2000 + 2000)));
      expect(ofRows[0]).not.toContain(2);
      expect(ofRows[1]).not.toContain(0);
      for (const outcomes of ofRows)
        expect(outcomes.filter((outcome) => outcome === 1).length / 2000).toBeCloseTo(0.5, 1);
      expect(tf.multinomial(logits, 2000, 7).dataSync()).toEqual(draws.dataSync());
      expect(tf.multinomial(logits, 2000, 8).dataSync()).not.toEqual(draws.dataSync());
    });
  });
});
