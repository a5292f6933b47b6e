import "@tensorflow/tfjs-backend-cpu";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { registerGradients, tokenLogProbabilities } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, it } from "vitest";
import { expectClose, finiteDifferences, valueAndGradients } from "./differentiation.ts";
import { OPERATION_CASES } from "./operation-cases.ts";

registerGradients();

it.each(["RmsNorm", "RotaryEmbedding", "Silu", "SegmentBoundary"])(
  "the backend onnx has the kernel %s",
  async (name) => {
    await useOnnxBackend({ threads: 2 });
    expect(tf.getKernel(name, "onnx")).toBeDefined();
  },
);

describe.each(OPERATION_CASES)("$name", ({ operation, plain }) => {
  beforeEach(async () => void (await tf.setBackend("cpu")));

  it("agrees with plain ops and with finite differences, in value and gradients", () => {
    const differentiable = operation();
    const own = valueAndGradients(differentiable);
    const expected = valueAndGradients({ ...differentiable, f: plain });
    expectClose(own.value, expected.value, 1e-5);
    finiteDifferences(differentiable).forEach((difference, place) => {
      expectClose(own.gradients[place]!, expected.gradients[place]!, 1e-5);
      expectClose(own.gradients[place]!, difference, 1e-2);
    });
  });

  it("is the same on onnx, and leaves no tensors behind", async () => {
    const onCpu = valueAndGradients(operation());
    await useOnnxBackend();
    const differentiable = operation();
    const before = tf.memory().numTensors;
    const onOnnx = valueAndGradients(differentiable);
    expect(tf.memory().numTensors).toBe(before);
    expectClose(onOnnx.value, onCpu.value, 1e-5);
    onOnnx.gradients.forEach((gradient, place) => expectClose(gradient, onCpu.gradients[place]!, 1e-5));
  });
});

it("tokenLogProbabilities is stable for large logits", () => {
  const logits = tf.tensor2d([1000, 0, -1000, 0, 0, 0], [2, 3]);
  const values = tokenLogProbabilities(logits, tf.tensor2d([0, 0, 1, 2], [2, 2], "int32")).dataSync();
  expect(values[0]).toBe(0);
  expect(values[1]).toBeCloseTo(-Math.log(3), 5);
});
