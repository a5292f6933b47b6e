import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { webgpuWriter } from "../webgpu/webgpu-writer.ts";
import { accelerator } from "./accelerator.ts";
import type { Device } from "./device.ts";
import { withNativeStrings } from "./provider-options.ts";

/** ONNX Runtime's WebGPU provider (Dawn over Vulkan, Metal, or Direct3D 12), which is part of onnxruntime-node. */
export function webgpuDevice(runtime: OrtRuntime): Device {
  return accelerator(runtime, {
    provider: "webgpu",
    memoryName: "WebGPU_Buf",
    createWriter: webgpuWriter,
    remedy:
      "It needs a GPU with a driver for Vulkan, Metal, or Direct3D 12 (on Linux also libvulkan.so.1), " +
      'and a platform other than Linux arm64. Otherwise use provider: "cpu" here.',
    append(library, options) {
      // ArgMax and TopK return int64 indices, and index checks use int64.
      withNativeStrings({ enableInt64: "1" }, (keys, values, count) =>
        library.call.SessionOptionsAppendExecutionProvider(options, "WebGPU", keys, values, count),
      );
      // A node on the CPU would silently copy its operands from the device and back.
      library.call.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1");
    },
  });
}
