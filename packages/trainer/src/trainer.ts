import { checkOptions, COMPUTE, type Plugin, plugin, type Trainer, TRAINER } from "@mlan/core";
import { z } from "zod";
import { createTrainer } from "./create-trainer.ts";

export interface TrainerOptions {
  /**
   * Keeps only the input of each decoder layer and computes the layer once more for its gradient: longer rows in the same
   * memory for about a third more time. Changes no result. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

const schema = z.strictObject({ gradientCheckpointing: z.boolean().exactOptional() });

/**
 * A trainer on the experiment's compute. `cpuTrainer()` and `gpuTrainer()` are lists of a compute and this. Throws
 * `invalid-options`; a run without a compute throws `missing-plugin`.
 */
export function trainer(options: TrainerOptions = {}): Plugin<Trainer> {
  const name = "@mlan/trainer";
  const settings = checkOptions("trainer", schema, options);
  return plugin({
    name,
    token: TRAINER,
    module: import.meta.url,
    // Recomputation changes no result, so a run may be continued with or without it.
    settings: {},
    create: (scope) => createTrainer({ name, compute: scope.get(COMPUTE), ...settings }),
  });
}
