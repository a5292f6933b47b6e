import {
  disposingDonated,
  type CompiledFunction,
  type CompiledOptions,
  type Compute,
  COMPUTE,
  type DeviceUse,
  type Plugin,
  plugin,
} from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkTensorFlowOptions, type TensorFlowOptions } from "./options.ts";
import { resetTensorFlowPeak, tensorFlowStatistics, useTensorFlowBackend } from "./register.ts";

/**
 * Creates the compute plugin for TensorFlow. `use: [vicuna(...), tensorflow()]` evaluates without a trainer. `compile`
 * simply calls its function. Throws `invalid-options`; a run throws `unavailable` if TensorFlow or the device is
 * missing.
 */
export function tensorflow(options: TensorFlowOptions = {}): Plugin<Compute> {
  return plugin({
    name: "@mlan/backend-tensorflow",
    token: COMPUTE,
    module: import.meta.url,
    // All options affect the last bits of results.
    settings: checkTensorFlowOptions(options),
    create: () => ({
      specVersion: 1,
      name: "tensorflow",
      open: () => useTensorFlowBackend(options),
      compile: uncompiled,
      usage: usageSinceLastCall(),
    }),
  });
}

function uncompiled<Parameters extends readonly unknown[], Result>(
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

function usageSinceLastCall(): () => DeviceUse {
  let before = 0;
  return () => {
    const { dispatches = 0, peakBytes = 0 } = tensorFlowStatistics() ?? {};
    const use = { dispatches: dispatches - before, peakBytes };
    before = dispatches;
    resetTensorFlowPeak();
    return use;
  };
}
