import { onnx, type OnnxBackendOptions } from "@mlan/backend-onnx";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface CpuTrainerOptions extends Pick<OnnxBackendOptions, "threads">, TrainerOptions {}

/** Checks only the names of options. The plugin that receives an option checks its value. */
const schema = z.strictObject({ threads: z.unknown().optional(), gradientCheckpointing: z.unknown().optional() });

/**
 * The default trainer: runs both stages of the recipe on the CPU with ONNX Runtime, which npm installs. Returns plugins
 * for `use`: a compute plugin, which evaluations use too, and a trainer. Throws `invalid-options`.
 */
export function cpuTrainer(options: CpuTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-cpu", schema, options);
  const { threads, ...training } = options;
  return [onnx(threads === undefined ? {} : { threads }), trainer(training)];
}
