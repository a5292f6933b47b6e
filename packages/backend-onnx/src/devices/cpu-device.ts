import { onnxWriter } from "../graph/onnx-writer.ts";
import { createSessionOptions, type OrtRuntime } from "../ort/ort-runtime.ts";
import { lendStorage, writeStorage } from "../memory/storage.ts";
import type { Device } from "./device.ts";

/** Tensors lie in ONNX Runtime's arena, and JavaScript sees the same memory. */
export function cpuDevice(runtime: OrtRuntime): Device {
  return {
    provider: "cpu",
    runtime,
    createOptions: (level) => createSessionOptions(runtime.library, level),
    createWriter: onnxWriter,
    allocate: undefined,
    lend: (shapes) => lendStorage(runtime, shapes),
    write: (values, shape, dtype) => writeStorage(runtime, values, shape, dtype),
    read: (storage) => storage.view().slice(),
  };
}
