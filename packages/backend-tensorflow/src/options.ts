import { checkOptions } from "@mlan/core";
import { z } from "zod";
import type { Precision } from "./device/tensor-table.ts";

export interface TensorFlowOptions {
  /**
   * "gpu": the first GPU that CUDA_VISIBLE_DEVICES lists. A number: the listed GPU with this index. "cpu": no GPU.
   * Default: the first GPU, or the CPU if there is none. Fixed by the first use in a process.
   */
  readonly device?: "gpu" | "cpu" | number;
  /**
   * Number of threads of one op on the CPU, 1 to 256. Default: the available parallelism. Fixed by the first use in a
   * process.
   */
  readonly threads?: number;
  /**
   * "bfloat16" computes matrix products and stores activations in 16 bits; trained parameters keep float32 values in
   * addition to a 16-bit copy, and norms, softmax, loss, additions and optimizer are float32. Default "float32".
   * Fixed by the first use in a process.
   */
  readonly precision?: Precision;
  /**
   * Whether the same step returns identical bits every time, which resumed runs need; slower on a GPU.
   * Default true. Fixed by the first use in a process.
   */
  readonly deterministic?: boolean;
}

const schema = z.strictObject({
  device: z.union([z.literal("gpu"), z.literal("cpu"), z.int().min(0)]).exactOptional(),
  threads: z.int().min(1).max(256).exactOptional(),
  precision: z.enum(["float32", "bfloat16"]).exactOptional(),
  deterministic: z.boolean().exactOptional(),
});

/** Returns the options. Throws `invalid-options` for unknown names and invalid values. */
export function checkTensorFlowOptions(options: TensorFlowOptions): TensorFlowOptions {
  return checkOptions("backend-tensorflow", schema, options);
}
