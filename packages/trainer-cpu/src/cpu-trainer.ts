import { registerOnnxBackend, useOnnxBackend } from "@mlan/backend-onnx";
import { checkOptions, type Plugin, plugin, type Trainer, TRAINER } from "@mlan/core";
import { createTrainer } from "@mlan/trainer";
import { z } from "zod";

export interface CpuTrainerOptions {
  /** Threads for tensor work, 1 to 256. Default: the available parallelism. Fixed by the first use in a process. */
  readonly threads?: number;
  /**
   * Keeps only the input of each decoder layer and computes the layer once more for its gradient: longer batches in
   * the same memory for about a third more time. Changes no result. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

const NAME = "@mlan/trainer-cpu";
const schema = z.strictObject({
  threads: z.int().min(1).max(256).exactOptional(),
  gradientCheckpointing: z.boolean().exactOptional(),
});

/**
 * The embedded default trainer: both stages of the recipe on the CPU, through ONNX Runtime, from a plain npm install.
 * Throws `invalid-options`.
 */
export function cpuTrainer(options: CpuTrainerOptions = {}): Plugin<Trainer> {
  const settings = checkOptions("trainer-cpu", schema, options);
  return plugin({
    name: NAME,
    token: TRAINER,
    module: import.meta.url,
    // Recomputation changes no result, so a run may be continued with or without it; the threads decide the last bits.
    settings: settings.threads === undefined ? {} : { threads: settings.threads },
    create() {
      const { gradientCheckpointing = false, ...backend } = settings;
      // Known from now on, loaded when first used: a model that is opened before training begins lives on it already.
      registerOnnxBackend(backend);
      return createTrainer({ name: NAME, useBackend: () => useOnnxBackend(backend), gradientCheckpointing });
    },
  });
}
