import { tensorflow, type TensorFlowOptions } from "@mlan/backend-tensorflow";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface GpuTrainerOptions extends TensorFlowOptions, TrainerOptions {
  /**
   * Default "gpu": the first GPU in CUDA_VISIBLE_DEVICES; a number is an index into these GPUs. "cpu" trains on the CPU, with
   * the CPU build of TensorFlow or on a machine without a GPU.
   */
  readonly device?: "gpu" | "cpu" | number;
}

const unchecked = z.unknown().optional();
/** Checks the names only; the plugin that receives an option checks its value. */
const schema = z.strictObject({
  device: unchecked,
  threads: unchecked,
  precision: unchecked,
  deterministic: unchecked,
  gradientCheckpointing: unchecked,
});

/**
 * The GPU trainer, for `use`: runs both stages of the recipe with TensorFlow, which `mlan backend install tensorflow`
 * installs. It includes the compute plugin, on which evaluations run too. Throws `invalid-options`; a run that uses it
 * throws `unavailable` if TensorFlow or the device is missing.
 */
export function gpuTrainer(options: GpuTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-gpu", schema, options);
  const { gradientCheckpointing, ...compute } = options;
  const training = gradientCheckpointing === undefined ? {} : { gradientCheckpointing };
  return [tensorflow({ device: "gpu", ...compute }), trainer(training)];
}
