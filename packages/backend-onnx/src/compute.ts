import { type Compute, COMPUTE, MlanError, type Plugin, plugin } from "@mlan/core";
import { BackendError } from "./backend-error.ts";
import { compiled } from "./compiled/compiled.ts";
import { type OnnxBackendOptions, resolveOptions } from "./options.ts";
import { useOnnxBackend } from "./register.ts";

/**
 * ONNX Runtime as an experiment's compute, on the CPU unless `provider` names another: `use: [vicuna(...), onnx()]`
 * evaluates without a trainer. Throws `invalid-options`.
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
    settings: decisive(options),
    create: () => onnxCompute(options),
  });
}

function onnxCompute(options: OnnxBackendOptions): Compute {
  return {
    specVersion: 1,
    name: "onnx",
    open: () =>
      useOnnxBackend(options).catch((error: unknown) => {
        throw forExperiments(error);
      }),
    compile: compiled,
  };
}

/** What decides the last bits of results; how many graphs are kept, and when they are run, does not. */
function decisive({ provider, threads, optimization }: OnnxBackendOptions): object {
  return {
    ...(provider !== undefined && { provider }),
    ...(threads !== undefined && { threads }),
    ...(optimization !== undefined && { optimization }),
  };
}

/** The errors of a backend that is also used without experiments, as those that an experiment knows. */
function forExperiments(error: unknown): unknown {
  if (!BackendError.is(error)) return error;
  if (error.code === "library") return new MlanError("unavailable", error.message, { cause: error });
  if (error.code === "invalid-options") return new MlanError("invalid-options", error.message, { cause: error });
  return error;
}
