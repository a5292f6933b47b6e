import { onnx, type OnnxBackendOptions } from "@mlan/backend-onnx";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface CpuTrainerOptions extends Pick<OnnxBackendOptions, "threads">, TrainerOptions {}

/** Names only: what each may be is known to the plugin that takes it. */
const schema = z.strictObject({ threads: z.unknown().optional(), gradientCheckpointing: z.unknown().optional() });

/**
 * The embedded default trainer, for `use`: both stages of the recipe on the CPU, through ONNX Runtime, from a plain npm
 * install. It brings the compute, on which evaluations run as well. Throws `invalid-options`.
 */
export function cpuTrainer(options: CpuTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-cpu", schema, options);
  const { threads, ...training } = options;
  return [onnx(threads === undefined ? {} : { threads }), trainer(training)];
}
