import { checkOptions, COMPUTE, type Plugin, plugin, type Trainer, TRAINER } from "@mlan/core";
import { z } from "zod";
import { createTrainer } from "./create-trainer.ts";

export interface TrainerOptions {
  /**
   * Whether to keep only the input of each decoder layer, and to recompute the layer in the backward pass. Saves
   * memory, and takes about a third more time. Does not change results. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

const schema = z.strictObject({ gradientCheckpointing: z.boolean().exactOptional() });

/**
 * Creates a trainer that uses the compute plugin of the experiment. `cpuTrainer()` and `gpuTrainer()` return it
 * together with a compute plugin. Throws `invalid-options`. A run without a compute plugin throws `missing-plugin`.
 */
export function trainer(options: TrainerOptions = {}): Plugin<Trainer> {
  const name = "@mlan/trainer";
  const settings = checkOptions("trainer", schema, options);
  return plugin({
    name,
    token: TRAINER,
    module: import.meta.url,
    // Gradient checkpointing does not change results, so a run may be resumed with or without it.
    settings: {},
    create: (scope) => createTrainer({ name, compute: scope.get(COMPUTE), ...settings }),
  });
}
