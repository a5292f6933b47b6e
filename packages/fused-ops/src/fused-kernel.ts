import * as tf from "@tensorflow/tfjs-core";

/** What a kernel is given by name: tensors, or lists of them. */
export type KernelInputs = Readonly<Record<string, tf.Tensor | readonly tf.Tensor[]>>;
export type KernelAttributes = Readonly<Record<string, unknown>>;

/**
 * Runs a kernel that some backends have under this name and tfjs-core does not know; undefined where the current
 * backend lacks it, for the caller to compose the result from plain ops.
 */
export function fusedKernel(
  kernelName: string,
  inputs: KernelInputs,
  attributes: KernelAttributes = {},
): readonly tf.Tensor[] | undefined {
  if (!tf.getKernel(kernelName, tf.getBackend())) return undefined;
  // The engine's types know one tensor per name and plain attributes; kernels get them as they are.
  const [given, settings]: {}[] = [{ ...inputs }, { ...attributes }];
  const results = tf.engine().runKernel(kernelName, given ?? {}, settings);
  return Array.isArray(results) ? results : [results];
}
