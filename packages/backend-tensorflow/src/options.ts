import { checkOptions } from "@mlan/core";
import { z } from "zod";
import type { Precision } from "./device/tensor-table.ts";

export interface TensorFlowOptions {
  /**
   * "gpu": the first GPU in CUDA_VISIBLE_DEVICES. A number: the GPU with this index in CUDA_VISIBLE_DEVICES. "cpu": no
   * GPU. Default: the first GPU, or else the CPU. Cannot be changed after the first use in a process.
   */
  readonly device?: "gpu" | "cpu" | number;
  /**
   * Number of threads of one op on the CPU, 1 to 256. Default: the available parallelism. Cannot be changed after the
   * first use in a process.
   */
  readonly threads?: number;
  /**
   * "bfloat16" computes matrix products and stores activations in 16 bits. Trained parameters have float32 values and a
   * 16-bit copy; norms, softmax, loss, additions and optimizer are float32. Default "float32". Cannot be changed after
   * the first use in a process.
   */
  readonly precision?: Precision;
  /**
   * Whether the same step always returns identical bits, as resumed runs need. Slower on a GPU. Default true. Cannot be
   * changed after the first use in a process.
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
