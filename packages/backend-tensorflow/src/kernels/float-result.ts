import type { Tensor } from "@tensorflow/tfjs-core";
import { DataType } from "../device/native-binding.ts";
import type { NodeBackend } from "../node-backend.ts";

/** Returns the tensor of a float result with this id in the table. */
export function floatResult(backend: NodeBackend, id: number, shape: readonly number[]): Tensor {
  return backend.createOutputTensor({ id, shape: [...shape], dtype: DataType.float });
}
