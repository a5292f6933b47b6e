import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "@mlan/backend-onnx";
import { describe, expect, it } from "vitest";
import { float, on, tensorOf } from "./both-backends.ts";

function refusal(body: () => unknown): BackendError {
  try {
    body();
  } catch (error) {
    if (BackendError.is(error, "unsupported")) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("an operation that is not implemented", () => {
  it("throws an error with its name and the ways out", async () => {
    await on("onnx", () => {
      const boxes = tensorOf(float([3, 4], 0, 1)) as tf.Tensor2D;
      const scores = tensorOf(float([3], 0, 1)) as tf.Tensor1D;
      const { message } = refusal(() => tf.image.nonMaxSuppression(boxes, scores, 2));
      expect(message).toMatch(/NonMaxSuppressionV3/);
      expect(message).toMatch(/setBackend\("cpu"\)/);
    });
  });
  it("may use complex numbers or strings", async () => {
    await on("onnx", () => {
      const signal = tensorOf(float([4]));
      expect(refusal(() => tf.spectral.rfft(signal)).message).toMatch(/kernel (Complex|FFT)|complex64/);
      expect(refusal(() => tf.tensor(["a", "b"])).message).toMatch(/string/);
    });
  });
  it("leaves the backend unchanged", async () => {
    await on("onnx", () => {
      const x = tensorOf(float([4]));
      refusal(() => tf.spectral.rfft(x));
      expect(tf.add(x, 1).dataSync()).toHaveLength(4);
    });
  });
});
