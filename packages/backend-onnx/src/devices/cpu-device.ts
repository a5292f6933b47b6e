import { onnxWriter } from "../graph/onnx-writer.ts";
import { createSessionOptions, type OrtRuntime } from "../ort/ort-runtime.ts";
import { allocateWritableStorage, writeStorage } from "../memory/storage.ts";
import type { Device } from "./device.ts";

/** Returns the CPU as a device. Tensors are in ONNX Runtime's arena, and JavaScript accesses the same memory. */
export function cpuDevice(runtime: OrtRuntime): Device {
  return {
    provider: "cpu",
    runtime,
    createOptions: (level) => createSessionOptions(runtime.library, level),
    createWriter: onnxWriter,
    allocate: undefined,
    allocateWritable: (shapes) => allocateWritableStorage(runtime, shapes),
    write: (values, shape, dtype) => writeStorage(runtime, values, shape, dtype),
    read: (storage) => storage.view().slice(),
  };
}
