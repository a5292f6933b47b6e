import type { Tensor } from "@tensorflow/tfjs-core";
import { DataType } from "../device/native-binding.ts";
import type { NodeBackend } from "../node-backend.ts";

export function floatResult(backend: NodeBackend, id: number, shape: readonly number[]): Tensor {
  return backend.createOutputTensor({ id, shape: [...shape], dtype: DataType.float });
}
