import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Tensor, Variable } from "@tensorflow/tfjs-core";

/** One tensor that learns, with what the optimiser needs for it. All have the same shape. */
export interface AdamWParameter {
  readonly variable: Variable;
  /** Running mean of the gradient; zeros before the first step. */
  readonly firstMoment: Variable;
  /** Running mean of the squared gradient; zeros before the first step. */
  readonly secondMoment: Variable;
  /** Decoupled: scaled by the learning rate, not part of the gradient. */
  readonly weightDecay: number;
}

export interface AdamWStep {
  readonly learningRate: number;
  /** Counts updates, from 1: early moments are corrected for having begun at zero. */
  readonly step: number;
}

/** The defaults of `torch.optim.AdamW`, which the paper's runs used. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** Kernel by which a backend updates in place: inputs are lists of tensors, there is no output. */
const KERNEL = "ApplyAdamW";

/**
 * One AdamW update with the semantics of `torch.optim.AdamW`, in one pass where the current backend has the kernel
 * "ApplyAdamW", else composed of ordinary ops. A parameter without gradient is stepped with a zero gradient: its
 * moments decay and still move it. Gradients are left to the caller to dispose.
 */
export function applyAdamW(
  parameters: readonly AdamWParameter[],
  gradients: readonly (Tensor | undefined)[],
  { learningRate, step }: AdamWStep,
): void {
  tf.tidy(() => {
    const complete = parameters.map(({ variable }, index) => gradients[index] ?? tf.zeros(variable.shape));
    if (!tf.getKernel(KERNEL, tf.getBackend())) {
      parameters.forEach((parameter, index) => composedUpdate(parameter, complete[index], { learningRate, step }));
      return;
    }
    // The engine's type knows one tensor per input name; kernels over lists get them as they are.
    const inputs: {} = {
      parameters: parameters.map(({ variable }) => variable),
      gradients: complete,
      firstMoments: parameters.map(({ firstMoment }) => firstMoment),
      secondMoments: parameters.map(({ secondMoment }) => secondMoment),
    };
    const weightDecays = parameters.map(({ weightDecay }) => weightDecay);
    tf.engine().runKernel(KERNEL, inputs satisfies NamedTensorMap, {
      learningRate,
      beta1: BETA1,
      beta2: BETA2,
      epsilon: EPSILON,
      weightDecays,
      step,
    });
  });
}

function composedUpdate(
  parameter: AdamWParameter,
  gradient: Tensor | undefined,
  { learningRate, step }: AdamWStep,
): void {
  if (!gradient) return;
  const { variable, firstMoment, secondMoment, weightDecay } = parameter;
  firstMoment.assign(tf.add(tf.mul(firstMoment, BETA1), tf.mul(gradient, 1 - BETA1)));
  secondMoment.assign(tf.add(tf.mul(secondMoment, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
  const denominator = tf.add(tf.div(tf.sqrt(secondMoment), Math.sqrt(1 - BETA2 ** step)), EPSILON);
  const change = tf.mul(tf.div(firstMoment, denominator), learningRate / (1 - BETA1 ** step));
  variable.assign(tf.sub(tf.mul(variable, 1 - learningRate * weightDecay), change));
}
