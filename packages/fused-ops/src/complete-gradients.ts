import * as tf from "@tensorflow/tfjs-core";

/**
 * One gradient per parameter, zeros where there is none. Throws a `RangeError` for a gradient of another shape, which
 * plain ops would broadcast.
 */
export function completeGradients(
  parameters: readonly { readonly variable: tf.Variable }[],
  gradients: readonly (tf.Tensor | undefined)[],
): tf.Tensor[] {
  if (gradients.length > parameters.length) {
    throw new RangeError(
      `fused-ops: ${gradients.length} gradients were given for ${parameters.length} parameters. Give one per ` +
        "parameter, undefined where there is none.",
    );
  }
  return parameters.map(({ variable }, index) => {
    const gradient = gradients[index] ?? tf.zeros(variable.shape);
    if (tf.util.arraysEqual(gradient.shape, variable.shape)) return gradient;
    throw new RangeError(
      `fused-ops: the gradient of ${variable.name} has shape [${gradient.shape}] and the parameter [${variable.shape}]. ` +
        "Give gradients in the order of the parameters.",
    );
  });
}
