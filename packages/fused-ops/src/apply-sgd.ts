import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { completeGradients } from "./complete-gradients.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { inputsAndAttributes, type NumberOrScalar, currentNumber, type UpdateNumber } from "./number-or-scalar.ts";

/** A trained variable with its SGD state. */
export interface SgdParameter {
  readonly variable: Variable;
  /** Running sum of gradients, of the variable's shape; zeros before the first step. Required with momentum. */
  readonly velocity?: Variable;
  /** This times the variable is added to the gradient. Unlike AdamW's weight decay, it is part of the momentum. */
  readonly weightDecay: number;
}

export interface SgdStep {
  readonly learningRate: UpdateNumber;
  /** The factor of the old velocity. Default 0: no velocity. */
  readonly momentum?: number;
  /** Nesterov momentum. Default false. */
  readonly nesterov?: boolean;
}

/**
 * One in-place gradient descent update with the semantics of `torch.optim.SGD` (dampening 0): by the fused kernel
 * "ApplySgd" or, with momentum, "ApplyMomentum" if the backend has it, otherwise composed of plain ops. Velocities start
 * at zero, so the first step sets them to the gradients, as PyTorch does. A parameter without a gradient is updated with a
 * zero gradient; PyTorch would skip it. The caller disposes the gradients. Throws a `RangeError` for a gradient whose shape
 * differs from its parameter's, for momentum without a velocity, and for Nesterov without momentum.
 *
 * Inputs of the kernels: lists `parameters`, `gradients`, and with momentum `velocities`. Attributes: `weightDecays` (one
 * per parameter), and with momentum `momentum`, `nesterov`. `learningRate` is an attribute (a number, or a function that is
 * called whenever the update runs) or a scalar input.
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
    `fused-ops: ${variable.name} has no velocity, which momentum needs. Set it to a variable of zeros of shape [${variable.shape}].`,
  );
}

/** The gradients including weight decay. */
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
