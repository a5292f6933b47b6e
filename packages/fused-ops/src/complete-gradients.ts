import * as tf from "@tensorflow/tfjs-core";

/**
 * One gradient per parameter, zeros if there is none. Throws a `RangeError` for a gradient whose shape differs from its
 * parameter's, which plain ops would broadcast.
 */
export function completeGradients(
  parameters: readonly { readonly variable: tf.Variable }[],
  gradients: readonly (tf.Tensor | undefined)[],
): tf.Tensor[] {
  if (gradients.length > parameters.length) {
    throw new RangeError(
      `fused-ops: ${gradients.length} gradients were given for ${parameters.length} parameters. Pass one per ` +
        "parameter, undefined if there is none.",
    );
  }
  return parameters.map(({ variable }, index) => {
    const gradient = gradients[index] ?? tf.zeros(variable.shape);
    if (tf.util.arraysEqual(gradient.shape, variable.shape)) return gradient;
    throw new RangeError(
      `fused-ops: the gradient of ${variable.name} has shape [${gradient.shape}], but the parameter has [${variable.shape}]. ` +
        "Pass gradients in the order of the parameters.",
    );
  });
}
