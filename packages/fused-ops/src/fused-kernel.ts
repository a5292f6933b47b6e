import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs a kernel that some backends have under this name and tfjs-core does not know; undefined where the current
 * backend lacks it, for the caller to compose the result from plain ops.
 */
export function fusedKernel(
  kernelName: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: Readonly<Record<string, number | boolean | string>> = {},
): readonly tf.Tensor[] | undefined {
  if (!tf.getKernel(kernelName, tf.getBackend())) return undefined;
  const results = tf.engine().runKernel(kernelName, { ...inputs }, { ...attributes });
  return Array.isArray(results) ? results : [results];
}
