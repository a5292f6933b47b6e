import { tensorflow, type TensorFlowOptions } from "@mlan/backend-tensorflow";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface GpuTrainerOptions extends TensorFlowOptions, TrainerOptions {
  /**
   * The device to train on. "gpu" (default) is the first GPU in CUDA_VISIBLE_DEVICES, and a number is an index into
   * these GPUs. "cpu" is the CPU.
   */
  readonly device?: "gpu" | "cpu" | number;
}

const unchecked = z.unknown().optional();
/** Checks only the names of options. The plugin that receives an option checks its value. */
const schema = z.strictObject({
  device: unchecked,
  threads: unchecked,
  precision: unchecked,
  deterministic: unchecked,
  gradientCheckpointing: unchecked,
});

/**
 * The GPU trainer: runs both stages of the recipe with TensorFlow, which `mlan backend install tensorflow` installs.
 * Returns plugins for `use`: a compute plugin, which evaluations use too, and a trainer. Throws `invalid-options`. A
 * run throws `unavailable` if TensorFlow or the device is missing.
 */
export function gpuTrainer(options: GpuTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-gpu", schema, options);
  const { gradientCheckpointing, ...compute } = options;
  const training = gradientCheckpointing === undefined ? {} : { gradientCheckpointing };
  return [tensorflow({ device: "gpu", ...compute }), trainer(training)];
}
