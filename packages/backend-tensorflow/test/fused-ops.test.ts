import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import { tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import { onBackend } from "../../backend-onnx/test/kernels/both-backends.ts";
import { describeTransformerBlocks } from "../../backend-onnx/test/kernels/transformer-blocks.ts";
import { expectClose, valueAndGradients } from "../../fused-ops/test/differentiation.ts";
import { OPERATION_CASES } from "../../fused-ops/test/operation-cases.ts";
import { testFusedAdamW } from "../../fused-ops/test/pytorch-adamw.ts";

const use = (): Promise<void> => useTensorFlowBackend({ device: "cpu", threads: 2 });

describeWithTensorFlow("the operations of @mlan/fused-ops on tensorflow", () => {
  beforeAll(use);

  it.each(["RmsNorm", "RotaryEmbedding", "ApplyAdamW"])("have the kernel %s", (name) => {
    expect(tf.getKernel(name, "tensorflow")).toBeDefined();
  });

  describe.each(OPERATION_CASES)("$name", ({ operation, plain }) => {
    it("agrees with plain ops on the backend cpu, in value and gradients, and leaves no tensors behind", async () => {
      await tf.setBackend("cpu");
      const expected = valueAndGradients({ ...operation(), f: plain });
      await use();
      const differentiable = operation();
      valueAndGradients(differentiable); // inputs are on the device from now on
      const before = { held: tensorFlowStatistics()?.tensors, known: tf.memory().numTensors };
      const found = valueAndGradients(differentiable);
      expect({ held: tensorFlowStatistics()?.tensors, known: tf.memory().numTensors }).toEqual(before);
      expectClose(found.value, expected.value, 1e-5);
      found.gradients.forEach((gradient, place) => expectClose(gradient, expected.gradients[place]!, 1e-5));
    });
  });

  onBackend({ name: "tensorflow", use });
  describeTransformerBlocks();

  describe("AdamW", () => {
    beforeEach(use);
    // TensorFlow computes 1 - 0.999 in float32, with an error of 1.3e-5. Parameters are not affected.
    testFusedAdamW("tensorflow", 2e-5);
  });
});
