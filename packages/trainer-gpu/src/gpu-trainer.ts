import { tensorflow, type TensorFlowOptions } from "@mlan/backend-tensorflow";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface GpuTrainerOptions extends TensorFlowOptions, TrainerOptions {
  /**
   * Default "gpu": the first GPU that CUDA_VISIBLE_DEVICES shows; a number is the one with this place among them. "cpu"
   * trains on the CPU build of TensorFlow, or on a machine without a GPU.
   */
  readonly device?: "gpu" | "cpu" | number;
}

const unchecked = z.unknown().optional();
/** Names only: what each may be is known to the plugin that takes it. */
const schema = z.strictObject({
  device: unchecked,
  threads: unchecked,
  precision: unchecked,
  deterministic: unchecked,
  gradientCheckpointing: unchecked,
});

/**
 * The GPU trainer, for `use`: both stages of the recipe through TensorFlow, which `mlan backend install tensorflow`
 * prepares. It brings the compute, on which evaluations run as well. Throws `invalid-options`; a run that uses it throws
 * `unavailable` where TensorFlow or the device is missing.
 */
export function gpuTrainer(options: GpuTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-gpu", schema, options);
  const { gradientCheckpointing, ...compute } = options;
  const training = gradientCheckpointing === undefined ? {} : { gradientCheckpointing };
  return [tensorflow({ device: "gpu", ...compute }), trainer(training)];
}
