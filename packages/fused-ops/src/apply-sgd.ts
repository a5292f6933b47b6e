import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { completeGradients } from "./complete-gradients.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { inputsAndAttributes, type NumberOrScalar, presentNumber, type UpdateNumber } from "./number-or-scalar.ts";

/** One tensor that learns by gradient descent. */
export interface SgdParameter {
  readonly variable: Variable;
  /** Running sum of gradients, of the parameter's shape; zeros before the first step. Needed with momentum. */
  readonly velocity?: Variable;
  /** Times the parameter it is added to the gradient; unlike AdamW's it is part of the momentum. */
  readonly weightDecay: number;
}

export interface SgdStep {
  readonly learningRate: UpdateNumber;
  /** The share of the velocity that stays. Default 0: no velocity. */
  readonly momentum?: number;
  /** Looks ahead along the new velocity. Default false. */
  readonly nesterov?: boolean;
}

/**
 * One update by gradient descent in place with the semantics of `torch.optim.SGD` (dampening 0): by the fused kernels
 * "ApplySgd" or, with momentum, "ApplyMomentum" where the backend has them, else composed of plain ops. As velocities
 * begin with zeros, the first step makes them the gradient, as PyTorch's does. A parameter without gradient is stepped
 * with a zero gradient, where PyTorch would leave it alone. Gradients are left to the caller to dispose.
 * Throws a `RangeError` for a gradient of another shape than its parameter, for momentum without velocity, and for
 * Nesterov's form without momentum.
 *
 * The kernels take lists `parameters`, `gradients` and (with momentum) `velocities`; attributes `weightDecays` (one per
 * parameter) and (with momentum) `momentum`, `nesterov`; `learningRate` as an attribute (a number, or a function to be asked whenever the update runs) or as a scalar input.
 */
export function applySgd(
  parameters: readonly SgdParameter[],
  gradients: readonly (Tensor | undefined)[],
  { learningRate, momentum = 0, nesterov = false }: SgdStep,
): void {
  if (!(momentum >= 0 && momentum < Infinity)) throw new RangeError(`fused-ops: momentum ${momentum} is below 0.`);
  if (nesterov && momentum === 0)
    throw new RangeError("fused-ops: nesterov needs a momentum, and momentum is 0. Give both, or leave nesterov out.");
  tf.tidy(() => {
    const complete = completeGradients(parameters, gradients);
    const { inputs, attributes } = inputsAndAttributes({ learningRate });
    const lists = { ...inputs, parameters: parameters.map(({ variable }) => variable), gradients: complete };
    const settings = { ...attributes, weightDecays: parameters.map(({ weightDecay }) => weightDecay) };
    if (momentum === 0) {
      if (fusedKernel("ApplySgd", lists, settings)) return;
      move(parameters, decayed(parameters, complete), presentNumber(learningRate));
      return;
    }
    const velocities = parameters.map(velocityOf);
    if (fusedKernel("ApplyMomentum", { ...lists, velocities }, { ...settings, momentum, nesterov })) return;
    const slopes = decayed(parameters, complete);
    const directions = slopes.map((slope, index) => {
      const velocity = velocities[index];
      if (!velocity) return slope;
      velocity.assign(tf.add(tf.mul(velocity, momentum), slope));
      return nesterov ? tf.add(slope, tf.mul(velocity, momentum)) : velocity;
    });
    move(parameters, directions, presentNumber(learningRate));
  });
}

function velocityOf({ variable, velocity }: SgdParameter): Variable {
  if (velocity !== undefined) return velocity;
  throw new RangeError(
    `fused-ops: ${variable.name} has no velocity, which momentum needs. Give it a variable of zeros of shape [${variable.shape}].`,
  );
}

/** The gradients of the loss with the weights' decay in it. */
function decayed(parameters: readonly SgdParameter[], gradients: readonly Tensor[]): Tensor[] {
  return gradients.map((gradient, index) => {
    const { variable, weightDecay = 0 } = parameters[index] ?? {};
    return variable === undefined || weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
  });
}

function move(parameters: readonly SgdParameter[], directions: readonly Tensor[], learningRate: NumberOrScalar): void {
  parameters.forEach(({ variable }, index) => {
    const direction = directions[index];
    if (direction) variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}
