import * as tf from "@tensorflow/tfjs-core";

/**
 * Returns one gradient per parameter, with zeros for missing ones. Throws a `RangeError` for more gradients than
 * parameters, and for a gradient whose shape differs from its parameter's; plain ops would broadcast it.
 */
export function completeGradients(
  parameters: readonly { readonly variable: tf.Variable }[],
  gradients: readonly (tf.Tensor | undefined)[],
): tf.Tensor[] {
  if (gradients.length > parameters.length) {
    throw new RangeError(
      `fused-ops: ${gradients.length} gradients were given for ${parameters.length} parameters. Pass one per ` +
        "parameter, or undefined where there is none.",
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
