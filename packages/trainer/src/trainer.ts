import { checkOptions, COMPUTE, type Plugin, plugin, type Trainer, TRAINER } from "@mlan/core";
import { z } from "zod";
import { createTrainer } from "./create-trainer.ts";

export interface TrainerOptions {
  /**
   * Whether to store only the input of each decoder layer and recompute the layer for its gradient. This saves memory,
   * e.g. for longer rows, and takes about a third more time. Does not change results. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

const schema = z.strictObject({ gradientCheckpointing: z.boolean().exactOptional() });

/**
 * Creates the plugin of a trainer that uses the compute plugin of the experiment. `cpuTrainer()` and `gpuTrainer()`
 * return a compute plugin and this one. Throws `invalid-options`; a run without a compute plugin throws
 * `missing-plugin`.
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
