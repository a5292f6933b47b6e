import * as tf from "@tensorflow/tfjs-core";

/** The inputs of a kernel by name: tensors or lists of tensors. */
export type KernelInputs = Readonly<Record<string, tf.Tensor | readonly tf.Tensor[]>>;
export type KernelAttributes = Readonly<Record<string, unknown>>;

/**
 * Runs a kernel that is not part of tfjs-core. Returns undefined if the current backend lacks the kernel; the caller
 * then uses plain ops.
 */
export function fusedKernel(
  kernelName: string,
  inputs: KernelInputs,
  attributes: KernelAttributes = {},
): readonly tf.Tensor[] | undefined {
  if (!tf.getKernel(kernelName, tf.getBackend())) return undefined;
  // The engine's types allow only single tensors and plain attributes, but it passes everything to the kernel
  // unchanged.
  const [given, settings]: {}[] = [{ ...inputs }, { ...attributes }];
  const results = tf.engine().runKernel(kernelName, given ?? {}, settings);
  return Array.isArray(results) ? results : [results];
}
