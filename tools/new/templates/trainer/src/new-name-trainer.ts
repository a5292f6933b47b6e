import { onnx, type OnnxBackendOptions } from "@mlan/backend-onnx";
import { checkOptions, type Compute, type Plugin, type Trainer } from "@mlan/core";
import { trainer, type TrainerOptions } from "@mlan/trainer";
import { z } from "zod";

export interface NewNameTrainerOptions extends Pick<OnnxBackendOptions, "threads">, TrainerOptions {}

/** Checks only names. `onnx` and `trainer` check the values. */
const optionsSchema = z.strictObject({
  threads: z.unknown().optional(),
  gradientCheckpointing: z.unknown().optional(),
});

/** The trainer new-name with its compute plugin, for `use`. Throws `invalid-options`. */
export function newNameTrainer(options: NewNameTrainerOptions = {}): readonly [Plugin<Compute>, Plugin<Trainer>] {
  checkOptions("trainer-new-name", optionsSchema, options);
  const { threads, ...training } = options;
  return [onnx(threads === undefined ? {} : { threads }), trainer(training)];
}
