import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";
import { valueAndGradients } from "@mlan/fused-ops";

/** One gradient per variable. Undefined if the loss does not depend on the variable. */
export type Gradients = readonly (Tensor | undefined)[];

export interface LossAndGradients {
  readonly loss: Scalar;
  readonly gradients: Gradients;
}

/** Computes the loss and its gradients. Unlike `tf.variableGrads`, accepts a loss that depends on no variable. */
export function lossAndGradients(loss: () => Scalar, variables: readonly Variable[]): LossAndGradients {
  const { value, gradients } = valueAndGradients(loss, variables);
  return { loss: value, gradients };
}

/** Adds gradients. Disposes of both arguments. */
export function addGradients(left: Gradients, right: Gradients): Gradients {
  return right.map((gradient, index) => {
    const other = left[index];
    if (!other) return gradient;
    const sum = gradient ? tf.add(other, gradient) : tf.clone(other);
    tf.dispose(gradient ? [other, gradient] : [other]);
    return sum;
  });
}

/**
 * Scales all gradients by the same factor so that their global norm is at most `maximumNorm`
 * (`torch.nn.utils.clip_grad_norm_`). Disposes of the argument.
 */
export function clipGradients(gradients: Gradients, maximumNorm: number): Gradients {
  const present = gradients.filter((gradient) => gradient !== undefined);
  if (present.length === 0) return gradients;
  const scale = tf.tidy(() => {
    const norm = tf.sqrt(tf.addN(present.map((gradient) => tf.tidy(() => tf.sum(tf.square(gradient))))));
    return tf.minimum(tf.div(maximumNorm, tf.add(norm, 1e-6)), 1);
  });
  const clipped = gradients.map((gradient) => {
    if (!gradient) return undefined;
    const smaller = tf.mul(gradient, scale);
    gradient.dispose();
    return smaller;
  });
  scale.dispose();
  return clipped;
}

/**
 * Returns the sum of all values, which is not finite if any value is not finite. Undefined when there are no gradients.
 */
export function sumOf(gradients: Gradients): Scalar | undefined {
  const present = gradients.filter((gradient) => gradient !== undefined);
  if (present.length === 0) return undefined;
  return tf.tidy(() => tf.addN(present.map((gradient) => tf.sum<Scalar>(gradient))));
}

export function disposeGradients(gradients: Gradients): void {
  tf.dispose(gradients.filter((gradient) => gradient !== undefined));
}
