import {
  loadTensorFlow,
  registerTensorFlowBackend,
  resetTensorFlowPeak,
  type TensorFlowOptions,
  tensorFlowStatistics,
  useTensorFlowBackend,
} from "@mlan/backend-tensorflow";
import { checkOptions, type DeviceUse, type Plugin, plugin, type Trainer, TRAINER } from "@mlan/core";
import { createTrainer } from "@mlan/trainer";
import { z } from "zod";

export interface GpuTrainerOptions extends TensorFlowOptions {
  /**
   * Default "gpu": the first GPU that CUDA_VISIBLE_DEVICES shows; a number is the one with this place among them. "cpu"
   * trains on the CPU build of TensorFlow, or on a machine without a GPU.
   */
  readonly device?: "gpu" | "cpu" | number;
  /** Computes each decoder layer once more for the gradient instead of keeping what is in it: less memory, more time. Default false. */
  readonly gradientCheckpointing?: boolean;
}

const NAME = "@mlan/trainer-gpu";
const schema = z.strictObject({
  device: z.union([z.literal("gpu"), z.literal("cpu"), z.int().min(0)]).default("gpu"),
  threads: z.int().min(1).max(256).exactOptional(),
  precision: z.enum(["float32", "bfloat16"]).exactOptional(),
  deterministic: z.boolean().exactOptional(),
  gradientCheckpointing: z.boolean().exactOptional(),
});

/**
 * The GPU trainer: both stages of the recipe through TensorFlow, which `mlan backend install tensorflow` prepares.
 * Throws `invalid-options`; a run that uses it throws `unavailable` where TensorFlow or the device is missing.
 */
export function gpuTrainer(options: GpuTrainerOptions = {}): Plugin<Trainer> {
  const settings = checkOptions("trainer-gpu", schema, options);
  return plugin({
    name: NAME,
    token: TRAINER,
    module: import.meta.url,
    settings: decisive(settings),
    create() {
      const { gradientCheckpointing = false, ...backend } = settings;
      // A model that is opened before training begins lives on it already. Loaded at once, because TensorFlow.js would
      // not tell why a backend does not start.
      loadTensorFlow(backend);
      registerTensorFlowBackend(backend);
      const useBackend = (): Promise<void> => useTensorFlowBackend(backend);
      return createTrainer({ name: NAME, useBackend, deviceUse: deviceUse(), gradientCheckpointing });
    },
  });
}

/** Recomputation changes no result, so a run may be continued with or without it. */
function decisive(options: GpuTrainerOptions): Omit<GpuTrainerOptions, "gradientCheckpointing"> {
  const { gradientCheckpointing: _, ...settings } = options;
  return settings;
}

/** Tells what the backend counted since the call before. */
function deviceUse(): () => DeviceUse {
  let before = 0;
  return () => {
    const { dispatches = 0, peakBytes = 0 } = tensorFlowStatistics() ?? {};
    const use = { dispatches: dispatches - before, peakBytes };
    before = dispatches;
    resetTensorFlowPeak();
    return use;
  };
}
