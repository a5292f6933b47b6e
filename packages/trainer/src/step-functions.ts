import * as tf from "@tensorflow/tfjs-core";
import type { Scalar } from "@tensorflow/tfjs-core";
import type { BatchTensors, Compute, LearningParameter, TrainableModel, TrainingRecipe } from "@mlan/core";
import { addGradients, clipGradients, type Gradients, lossAndGradients, sumOf } from "./gradients.ts";
import type { Optimizer } from "./optimizer.ts";

/** The sums over a step's passes so far; the caller's to dispose. */
export interface Sums {
  readonly loss: Scalar;
  readonly gradients: Gradients;
}

interface Pass {
  /** Its share of the step's loss, weighted. */
  readonly share: Scalar;
  /** With it. */
  readonly sums: Sums;
}

/** What an update was made from. */
interface Finished extends Pick<Pass, "share"> {
  /** Finite exactly when the update was made: the step's loss plus the sums of its gradients. */
  readonly guard: Scalar;
}

/** What an optimiser step computes; each is recorded once per shape of its batch where the compute can. */
export interface StepFunctions {
  /** Forward and backward; takes over the gradients of the passes before. `weight` is the batch's share of the step. */
  pass(tensors: BatchTensors, weight: Scalar, before: Sums | undefined): Pass;
  /**
   * The same for the last batch of a step, and the update, unless something is not finite: not even a clipped gradient
   * would then leave weights that are numbers.
   */
  finish(tensors: BatchTensors, weight: Scalar, before: Sums | undefined): Finished;
  /** {@link pass}, but never recorded. */
  plainPass: StepFunctions["pass"];
  /** The update by gradients of which each is finite, though their sum may not be. Takes them over. */
  plainUpdate(gradients: Gradients): void;
  /** Gives up what is recorded. */
  dispose(): void;
}

/** The numbers of the step that is taken. */
export interface StepNumbers {
  learningRate: number;
  /** 1-based. */
  step: number;
}

export interface StepFunctionsOptions {
  readonly compute: Compute;
  readonly model: TrainableModel;
  readonly recipe: Pick<TrainingRecipe, "maximumGradientNorm">;
  /** Those that learn. */
  readonly parameters: readonly LearningParameter[];
  readonly optimizer: Optimizer;
  readonly gradientCheckpointing: boolean;
  /** Read whenever an update is made. */
  readonly now: Readonly<StepNumbers>;
}

/** The functions of a stage's steps: variables and moments must be the same until they are disposed. */
export function stepFunctions(options: StepFunctionsOptions): StepFunctions {
  const { compute, model, recipe, parameters, optimizer, gradientCheckpointing, now } = options;
  const { maximumGradientNorm } = recipe;
  const variables = parameters.map(({ variable }) => variable);
  const numbers = { learningRate: () => now.learningRate, step: () => now.step };
  const pass: StepFunctions["pass"] = (tensors, weight, before) => {
    const weighted = (): Scalar => tf.mul(model.loss(tensors, { gradientCheckpointing }), weight);
    const { loss: share, gradients } = lossAndGradients(weighted, variables);
    const loss = before ? tf.add<Scalar>(before.loss, share) : tf.clone(share);
    return { share, sums: { loss, gradients: addGradients(before?.gradients ?? [], gradients) } };
  };
  const update = (gradients: Gradients, guard?: Scalar): void => {
    const clipped = maximumGradientNorm === undefined ? gradients : clipGradients(gradients, maximumGradientNorm);
    optimizer.step(clipped, { ...numbers, ...(guard && { guard }) });
  };
  const recordedPass = compute.compile(pass);
  const finish = compute.compile((...parts: Parameters<typeof pass>): Finished => {
    const {
      share,
      sums: { loss, gradients },
    } = pass(...parts);
    const sum = sumOf(gradients);
    const guard = sum ? tf.add<Scalar>(loss, sum) : tf.clone(loss);
    update(gradients, guard);
    return { share, guard };
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
