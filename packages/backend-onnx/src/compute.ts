import { type Compute, COMPUTE, MlanError, type Plugin, plugin } from "@mlan/core";
import { BackendError } from "./backend-error.ts";
import { compiled } from "./compiled/compiled.ts";
import { type OnnxBackendOptions, resolveOptions } from "./options.ts";
import { useOnnxBackend } from "./register.ts";

/**
 * Creates the compute plugin for ONNX Runtime. Default provider: the CPU. `use: [vicuna(...), onnx()]` evaluates
 * without a trainer. Throws `invalid-options`.
 */
export function onnx(options: OnnxBackendOptions = {}): Plugin<Compute> {
  try {
    resolveOptions(options);
  } catch (error) {
    throw forExperiments(error);
  }
  return plugin({
    name: "@mlan/backend-onnx",
    token: COMPUTE,
    module: import.meta.url,
    settings: settingsOf(options),
    create: () => onnxCompute(options),
  });
}

/**
 * Free memory between tensors in ONNX Runtime's arena, as a share of the tensors: 1 to 8% in training steps of one graph, up
 * to 20% in steps of several graphs and while prompts are processed.
 */
const FRAGMENTATION = 0.08;

function onnxCompute(options: OnnxBackendOptions): Compute {
  const { provider = "cpu" } = options;
  return {
    specVersion: 1,
    name: "onnx",
    hasOwnMemory: provider !== "cpu",
    // The slots of optimizers.
    keepsGradients: provider === "cpu",
    spareMemory: FRAGMENTATION,
    open: () =>
      useOnnxBackend(options).catch((error: unknown) => {
        throw forExperiments(error);
      }),
    compile: compiled,
  };
}

/**
 * Returns the options that affect the last bits of results. The number of cached graphs and the time when they run have
 * no effect.
 */
function settingsOf({ provider, threads, optimization }: OnnxBackendOptions): object {
  return {
    ...(provider !== undefined && { provider }),
    ...(threads !== undefined && { threads }),
    ...(optimization !== undefined && { optimization }),
  };
}

/** Converts the backend's errors to `MlanError`s. The backend also works without `@mlan/core`. */
function forExperiments(error: unknown): unknown {
  if (!BackendError.is(error)) return error;
  if (error.code === "library") return new MlanError("unavailable", error.message, { cause: error });
  if (error.code === "invalid-options") return new MlanError("invalid-options", error.message, { cause: error });
  return error;
}
