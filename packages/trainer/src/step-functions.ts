import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D } from "@tensorflow/tfjs-core";
import type { BatchTensors, Compute, LearningParameter, TrainableModel, TrainingRecipe } from "@mlan/core";
import { addGradients, clipGradients, type Gradients, lossAndGradients, sumOf } from "./gradients.ts";
import type { Optimizer } from "./optimizer.ts";

/** The sums over the finished passes of a step. The caller disposes of them. */
export interface Sums {
  readonly loss: Scalar;
  readonly gradients: Gradients;
}

interface Pass {
  /** The weighted loss of this pass: its part of the step's loss. */
  readonly share: Scalar;
  /**
   * What each row contributes to the loss of the batch, [rows]. Present if the model returns it and the functions were
   * asked for it.
   */
  readonly rows?: Tensor1D;
  /** The sums including this pass. */
  readonly sums: Sums;
}

/** The result of the last pass of a step. */
interface Finished extends Omit<Pass, "sums"> {
  /**
   * The loss of the step plus the sum of all gradients. The update was applied if and only if this number is finite.
   */
  readonly guard: Scalar;
}

/**
 * The functions that compute an optimizer step. Each function is recorded once per batch shape if the compute plugin
 * supports recording.
 */
export interface StepFunctions {
  /**
   * Runs a forward and backward pass. Consumes the gradients in `before`. `weight` is the weight of the batch in the
   * loss of the step.
   */
  pass(tensors: BatchTensors, weight: Scalar, before: Sums | undefined): Pass;
  /**
   * Like {@link pass} for the last batch of a step, followed by the update. The update is skipped if the loss or a
   * gradient is not finite, because even clipped gradients would make the weights NaN.
   */
  finish(tensors: BatchTensors, weight: Scalar, before: Sums | undefined): Finished;
  /** Like {@link pass}, but never recorded. */
  plainPass: StepFunctions["pass"];
  /** Updates the parameters with finite gradients whose sum may overflow. Consumes the gradients. */
  plainUpdate(gradients: Gradients): void;
  /** Releases the recordings. */
  dispose(): void;
}

/** Numbers that change from step to step. */
export interface StepNumbers {
  /** The learning rates of the step as a fraction of their peaks, 0 to 1. */
  factor: number;
  /** Counted from 1. */
  step: number;
}

export interface StepFunctionsOptions {
  readonly compute: Compute;
  readonly model: TrainableModel;
  readonly recipe: Pick<TrainingRecipe, "maximumGradientNorm">;
  /** The trained parameters. */
  readonly parameters: readonly LearningParameter[];
  readonly optimizer: Optimizer;
  readonly gradientCheckpointing: boolean;
  /** Whether to return what each row contributes to the loss. */
  readonly byRow: boolean;
  /** The current numbers, read at every update. */
  readonly now: Readonly<StepNumbers>;
}

/**
 * Creates the functions for the steps of a stage. Variables and moments must stay the same tensors until the functions
 * are disposed of.
 */
export function stepFunctions(options: StepFunctionsOptions): StepFunctions {
  const { compute, model, recipe, parameters, optimizer, gradientCheckpointing, byRow, now } = options;
  const { maximumGradientNorm } = recipe;
  const variables = parameters.map(({ variable }) => variable);
  const numbers = { factor: () => now.factor, step: () => now.step };
  const pass: StepFunctions["pass"] = (tensors, weight, before) => {
    let rows: Tensor1D | undefined;
    const onRowLosses = (losses: Tensor1D): void => {
      rows = losses;
    };
    const weighted = (): Scalar =>
      tf.mul(model.loss(tensors, { gradientCheckpointing, ...(byRow && { onRowLosses }) }), weight);
    const { loss: share, gradients } = lossAndGradients(weighted, variables);
    const loss = before ? tf.add<Scalar>(before.loss, share) : tf.clone(share);
    return {
      share,
      ...(rows && { rows }),
      sums: { loss, gradients: addGradients(before?.gradients ?? [], gradients) },
    };
  };
  const update = (gradients: Gradients, guard?: Scalar): void => {
    const clipped = maximumGradientNorm === undefined ? gradients : clipGradients(gradients, maximumGradientNorm);
    optimizer.step(clipped, { ...numbers, ...(guard && { guard }) });
  };
  const recordedPass = compute.compile(pass);
  const finish = compute.compile((...parts: Parameters<typeof pass>): Finished => {
    const {
      sums: { loss, gradients },
      ...outcome
    } = pass(...parts);
    const sum = sumOf(gradients);
    const guard = sum ? tf.add<Scalar>(loss, sum) : tf.clone(loss);
    update(gradients, guard);
    return { ...outcome, guard };
  });
  return {
    pass: recordedPass,
    finish,
    plainPass: pass,
    plainUpdate: (gradients) => tf.tidy(() => update(gradients)),
    dispose() {
      recordedPass.dispose();
      finish.dispose();
    },
  };
}
