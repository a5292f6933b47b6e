import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { BackendError } from "../backend-error.ts";
import { onnxWriter } from "../graph/onnx-writer.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { accelerator } from "./accelerator.ts";
import type { Device } from "./device.ts";
import { withNativeStrings } from "./provider-options.ts";

const PROVIDER_LIBRARIES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];
const INSTALL =
  "Run the install script of onnxruntime-node, which downloads it: " +
  "npm rebuild onnxruntime-node --ignore-scripts=false --foreground-scripts. It needs Linux x64, CUDA 12 and cuDNN 9.";

const OPTIONS = {
  device_id: "0",
  arena_extend_strategy: "kSameAsRequested",
  // TF32 keeps 10 of float32's 23 mantissa bits, so results would differ from the CPU's.
  use_tf32: "0",
};

/** ONNX Runtime's CUDA provider. Its library is downloaded by onnxruntime-node's install script. */
export function cudaDevice(runtime: OrtRuntime): Device {
  const folder = dirname(runtime.library.file);
  for (const name of PROVIDER_LIBRARIES) {
    if (existsSync(join(folder, name))) continue;
    throw new BackendError("library", `provider "cuda" needs ${name}, which is not in ${folder}. ${INSTALL}`);
  }
  return accelerator(runtime, {
    provider: "cuda",
    memoryName: "Cuda",
    createWriter: onnxWriter,
    remedy:
      "It needs an NVIDIA GPU with its driver, and the libraries of CUDA 12 and cuDNN 9 on the loader's path " +
      '(LD_LIBRARY_PATH). Otherwise use provider: "cpu" here.',
    append(library, options) {
      const { call, create, release } = library;
      const cuda = create("CreateCUDAProviderOptions");
      try {
        withNativeStrings(OPTIONS, (keys, values, count) => call.UpdateCUDAProviderOptions(cuda, keys, values, count));
        call.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda);
      } finally {
        release.ReleaseCUDAProviderOptions(cuda);
      }
    },
  });
}
