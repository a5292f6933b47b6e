import { registerOnnxBackend } from "#internal/register.ts";
import { BackendError, explain, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";

test("an unknown provider is refused by name", async () => {
  await expect(useOnnxBackend({ provider: "gpu" as "webgpu" })).rejects.toThrow(
    /provider: gpu is not one of cpu, webgpu/,
  );
});

test("the error for CUDA has the missing library, where it was searched for, and how to get it", async () => {
  const error = await thrownBy({ provider: "cuda" });
  expect(BackendError.is(error, "library")).toBe(true);
  expect(String(error)).toMatch(
    /provider "cuda" needs \S*onnxruntime_providers_cuda\S*, which is not in .*onnxruntime-node/,
  );
  expect(String(error)).toMatch(/npm rebuild onnxruntime-node --ignore-scripts=false.*CUDA 12 and cuDNN 9/);
});

// On other platforms there may be a GPU.
test.runIf(process.platform === "linux")(
  "WebGPU without a GPU is an error with the reason, time and again",
  async () => {
    for (const name of ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]) process.env[name] = "/nowhere.json";
    for (let attempt = 0; attempt < 3; attempt++) {
      const error = await thrownBy({ provider: "webgpu" });
      expect(BackendError.is(error, "library")).toBe(true);
      expect(String(error)).toMatch(/provider "webgpu" does not start\..*Otherwise use provider: "cpu" here\./s);
    }
  },
);

test("after a provider that does not start, a different one can be used, which then cannot change silently", async () => {
  await useOnnxBackend({ provider: "cpu" });
  expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  expect(() => registerOnnxBackend({ provider: "webgpu" })).toThrow(/provider: "webgpu" comes too late.*removeBackend/);
  registerOnnxBackend();
  const { nodes } = await explain(() => tf.add(1, 2));
  expect(nodes.map(({ provider }) => provider)).toEqual(["CPUExecutionProvider"]);
  expect(onnxStatistics().runs).toBeGreaterThan(0);
});

async function thrownBy(options: Parameters<typeof useOnnxBackend>[0]): Promise<unknown> {
  return useOnnxBackend(options).then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error,
  );
}
