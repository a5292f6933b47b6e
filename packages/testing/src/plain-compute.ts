import * as tf from "@tensorflow/tfjs-core";
import {
  disposingDonated,
  type CompiledFunction,
  type CompiledOptions,
  type Compute,
  COMPUTE,
  MlanError,
  type Plugin,
} from "@mlan/core";

/**
 * Returns a registered backend of TensorFlow.js as a compute backend that compiles and counts nothing. "cpu" needs an
 * import of `@tensorflow/tfjs-backend-cpu`.
 */
export function plainCompute(name = "cpu"): Compute {
  return {
    specVersion: 1,
    name,
    async open() {
      if (tf.engine().findBackendFactory(name) !== null && (await tf.setBackend(name))) return;
      const message = `plainCompute: TensorFlow.js has no backend "${name}" here. Import its package, e.g. @tensorflow/tfjs-backend-cpu.`;
      throw new MlanError("unavailable", message);
    },
    compile: called,
  };
}

/** Creates a plugin for `use` that provides the compute backend. */
export function plainComputePlugin(name = "cpu"): Plugin<Compute> {
  const settings = { backend: name };
  return { name: "@mlan/testing/plain-compute", token: COMPUTE, settings, create: () => plainCompute(name) };
}

function called<Parameters extends readonly unknown[], Result>(
  fn: (...parameters: Parameters) => Result,
  { donated = () => [] }: CompiledOptions<Parameters> = {},
): CompiledFunction<Parameters, Result> {
  const call = disposingDonated(
    (...parameters: Parameters) => tf.tidy(() => fn(...parameters) as tf.TensorContainer) as Result,
    donated,
    (result) => tf.tensor_util.getTensorsInContainer(result as tf.TensorContainer),
  );
  return Object.assign(call, { signatures: 0, dispose: () => {} });
}
