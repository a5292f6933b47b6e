import { checkOptions } from "@mlan/core";
import { z } from "zod";
import type { Precision } from "./device/tensor-table.ts";

export interface TensorFlowOptions {
  /**
   * "gpu" is the first GPU that CUDA_VISIBLE_DEVICES shows, a number the one with this place among them, "cpu" none.
   * Default: the first GPU where there is one, else the CPU. Fixed by the first use in a process.
   */
  readonly device?: "gpu" | "cpu" | number;
  /** Threads of one op on the CPU, 1 to 256. Default: the available parallelism. Fixed by the first use in a process. */
  readonly threads?: number;
  /**
   * "bfloat16" does matrix products and keeps activations in 16 bits; parameters that learn keep float32 values beside
   * their 16-bit copy, and norms, softmax, loss, additions and optimizer are float32. Default "float32".
   * Fixed by the first use in a process.
   */
  readonly precision?: Precision;
  /**
   * Whether the same step gives the same bits every time, which resumed runs need; a GPU is slower for it.
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

/** Gives the options back. Throws `invalid-options` on typos and impossible values. */
export function checkTensorFlowOptions(options: TensorFlowOptions): TensorFlowOptions {
  return checkOptions("backend-tensorflow", schema, options);
}
