import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { completeGradients } from "./complete-gradients.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { adamwKernel, type MomentPrecision, supportsMoments } from "./moments.ts";
import {
  inputsAndAttributes,
  oneMinusPower,
  oneMinusProduct,
  quotient,
  squareRoot,
  currentNumber,
  type UpdateNumber,
} from "./number-or-scalar.ts";

/** A trained variable and its AdamW state. All have the same shape, unless the moments are bfloat16. */
export interface AdamWParameter {
  readonly variable: Variable;
  /** Running mean of the gradient. Starts at zero; see `zeroMoment`. */
  readonly firstMoment: Variable;
  /** Running mean of the squared gradient. Starts at zero. */
  readonly secondMoment: Variable;
  /** Factor of the decoupled weight decay. It is scaled by the learning rate and not part of the gradient. */
  readonly weightDecay: number;
}

export interface AdamWStep {
  readonly learningRate: UpdateNumber;
  /** The number of this update, starting at 1, for the bias correction. */
  readonly step: UpdateNumber;
  /**
   * A scalar such as the loss plus the sums of all gradients. If it is NaN or infinite, nothing is updated. Default: no
   * guard.
   */
  readonly guard?: tf.Scalar;
  /** Storage of the moments, the same for all parameters of a call. Default "float32". */
  readonly momentPrecision?: MomentPrecision;
}

/** The defaults of `torch.optim.AdamW`. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * Performs one AdamW update in place (arXiv 1711.05101), as `torch.optim.AdamW` does. A parameter without a gradient is
 * updated with a zero gradient: its moments decay and still change it. The caller disposes of the gradients. Throws a
 * `RangeError` for a gradient whose shape differs from its parameter's, for more gradients than parameters, and for
 * bfloat16 moments on a backend without the kernel "ApplyAdamWBfloat16".
 *
 * Uses the fused kernel "ApplyAdamW" if the backend has it, and plain ops otherwise. Inputs of the kernel: lists
 * `parameters`, `gradients`, `firstMoments`, `secondMoments`, and optionally a scalar `guard`. Attributes: `beta1`,
 * `beta2`, `epsilon`, `weightDecays` (one per parameter). `learningRate` and `step` are attributes (numbers, or
 * functions that are called in every update) or scalar inputs. "ApplyAdamWBfloat16" has the same inputs and attributes.
 * It rounds moments stochastically, because a second moment rounded to nearest would never decay.
 */
export function applyAdamW(
  parameters: readonly AdamWParameter[],
  gradients: readonly (Tensor | undefined)[],
  step: AdamWStep,
): void {
  const { momentPrecision = "float32" } = step;
  if (!supportsMoments(momentPrecision)) {
    throw new RangeError(
      `fused-ops: the backend ${tf.getBackend()} has no kernel ${adamwKernel(momentPrecision)}, which updates moments in ` +
        `${momentPrecision}. Use float32 moments.`,
    );
  }
  tf.tidy(() => {
    const complete = completeGradients(parameters, gradients);
    const { inputs, attributes } = inputsAndAttributes({ learningRate: step.learningRate, step: step.step });
    const { guard } = step;
    const lists = {
      ...(guard && { guard }),
      parameters: parameters.map(({ variable }) => variable),
      gradients: complete,
      firstMoments: parameters.map(({ firstMoment }) => firstMoment),
      secondMoments: parameters.map(({ secondMoment }) => secondMoment),
    };
    const settings = {
      ...attributes,
      beta1: BETA1,
      beta2: BETA2,
      epsilon: EPSILON,
      weightDecays: parameters.map(({ weightDecay }) => weightDecay),
    };
    if (fusedKernel(adamwKernel(momentPrecision), { ...lists, ...inputs }, settings)) return;
    composedUpdates(parameters, complete, step);
  });
}

function composedUpdates(
  parameters: readonly AdamWParameter[],
  gradients: readonly Tensor[],
  numbers: AdamWStep,
): void {
  const [learningRate, step] = [currentNumber(numbers.learningRate), currentNumber(numbers.step)];
  const allowed = numbers.guard && tf.isFinite(numbers.guard);
  const update = (variable: Variable, value: Tensor): void =>
    variable.assign(allowed ? tf.where(allowed, value, variable) : value);
  const stepSize = quotient(learningRate, oneMinusPower(BETA1, step));
  const correction = squareRoot(oneMinusPower(BETA2, step));
  parameters.forEach(({ variable, firstMoment, secondMoment, weightDecay }, index) => {
    const gradient = gradients[index];
    if (!gradient) return;
    tf.tidy(() => {
      update(firstMoment, tf.add(tf.mul(firstMoment, BETA1), tf.mul(gradient, 1 - BETA1)));
      update(secondMoment, tf.add(tf.mul(secondMoment, BETA2), tf.mul(tf.square(gradient), 1 - BETA2)));
      const denominator = tf.add(tf.div(tf.sqrt(secondMoment), correction), EPSILON);
      const change = tf.mul(tf.div(firstMoment, denominator), stepSize);
      update(variable, tf.sub(tf.mul(variable, oneMinusProduct(learningRate, weightDecay)), change));
    });
  });
}
