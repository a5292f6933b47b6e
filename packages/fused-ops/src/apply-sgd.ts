import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { completeGradients } from "./complete-gradients.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { inputsAndAttributes, type NumberOrScalar, currentNumber, type UpdateNumber } from "./number-or-scalar.ts";

/** A trained variable and its SGD state. */
export interface SgdParameter {
  readonly variable: Variable;
  /** Running sum of gradients, with the variable's shape. Starts at zero. Required with momentum. */
  readonly velocity?: Variable;
  /** Weight decay times the variable is added to the gradient, and so, unlike in AdamW, to the velocity. */
  readonly weightDecay: number;
}

export interface SgdStep {
  readonly learningRate: UpdateNumber;
  /** Factor of the previous velocity. Default 0: no velocity. */
  readonly momentum?: number;
  /** Whether to use Nesterov momentum. Default false. */
  readonly nesterov?: boolean;
}

/**
 * Performs one gradient descent update in place, as `torch.optim.SGD` with dampening 0 does. The first step sets
 * velocities to the gradients, as in PyTorch. A parameter without a gradient is updated with a zero gradient; PyTorch
 * would skip it. The caller disposes of the gradients. Throws a `RangeError` for a gradient whose shape differs from
 * its parameter's, for more gradients than parameters, for a negative or infinite momentum, for momentum without a
 * velocity, and for Nesterov without momentum.
 *
 * Uses the fused kernel "ApplySgd" or, with momentum, "ApplyMomentum" if the backend has it, and plain ops otherwise.
 * Inputs of the kernels: lists `parameters` and `gradients`; "ApplyMomentum" also has `velocities`. Attributes:
 * `weightDecays` (one per parameter); "ApplyMomentum" also has `momentum` and `nesterov`. `learningRate` is an
 * attribute (a number, or a function that is called in every update) or a scalar input.
 */
export function applySgd(
  parameters: readonly SgdParameter[],
  gradients: readonly (Tensor | undefined)[],
  { learningRate, momentum = 0, nesterov = false }: SgdStep,
): void {
  if (!(momentum >= 0 && momentum < Infinity))
    throw new RangeError(`fused-ops: momentum ${momentum} must be a finite number of at least 0.`);
  if (nesterov && momentum === 0)
    throw new RangeError("fused-ops: nesterov needs a momentum, but momentum is 0. Set both, or omit nesterov.");
  tf.tidy(() => {
    const complete = completeGradients(parameters, gradients);
    const { inputs, attributes } = inputsAndAttributes({ learningRate });
    const lists = { ...inputs, parameters: parameters.map(({ variable }) => variable), gradients: complete };
    const settings = { ...attributes, weightDecays: parameters.map(({ weightDecay }) => weightDecay) };
    if (momentum === 0) {
      if (fusedKernel("ApplySgd", lists, settings)) return;
      descend(parameters, withWeightDecay(parameters, complete), currentNumber(learningRate));
      return;
    }
    const velocities = parameters.map(velocityOf);
    if (fusedKernel("ApplyMomentum", { ...lists, velocities }, { ...settings, momentum, nesterov })) return;
    const slopes = withWeightDecay(parameters, complete);
    const directions = slopes.map((slope, index) => {
      const velocity = velocities[index];
      if (!velocity) return slope;
      velocity.assign(tf.add(tf.mul(velocity, momentum), slope));
      return nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity;
    });
    descend(parameters, directions, currentNumber(learningRate));
  });
}

function velocityOf({ variable, velocity }: SgdParameter): Variable {
  if (velocity !== undefined) return velocity;
  throw new RangeError(
    `fused-ops: ${variable.name} has no velocity, but momentum needs one. Set it to a variable of zeros of shape [${variable.shape}].`,
  );
}

function withWeightDecay(parameters: readonly SgdParameter[], gradients: readonly Tensor[]): Tensor[] {
  return gradients.map((gradient, index) => {
    const { variable, weightDecay = 0 } = parameters[index] ?? {};
    return variable === undefined || weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
  });
}

function descend(
  parameters: readonly SgdParameter[],
  directions: readonly Tensor[],
  learningRate: NumberOrScalar,
): void {
  parameters.forEach(({ variable }, index) => {
    const direction = directions[index];
    if (direction) variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}
