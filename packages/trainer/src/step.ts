import * as tf from "@tensorflow/tfjs-core";
import {
  type Encoded,
  type LearningParameter,
  MlanError,
  type TokenCounts,
  type TrainableModel,
  type TrainingRecipe,
} from "@mlan/core";
import { firstNotFinite } from "./first-not-finite.ts";
import { addGradients, clipGradients, disposeGradients, type Gradients, lossAndGradients } from "./gradients.ts";
import type { MicroBatch } from "./training-plan.ts";
import type { TrainingSet } from "./training-set.ts";

export interface StepOptions {
  /** 1-based. */
  readonly step: number;
  readonly model: TrainableModel;
  readonly set: TrainingSet;
  readonly recipe: TrainingRecipe;
  /** Those that learn. */
  readonly parameters: readonly LearningParameter[];
  readonly gradientCheckpointing: boolean;
}

/** What one optimiser step found before its update. */
export interface StepOutcome {
  readonly loss: number;
  /** To be disposed by the caller. */
  readonly gradients: Gradients;
  readonly counts: TokenCounts;
  readonly flops: number;
}

/**
 * Goes forward and backward over a step's micro-batches, one after the other in the memory of one.
 * Throws `invalid-options` when a loss or a gradient is not finite, naming its conversations, `invalid-checkpoint` when
 * that comes from a weight that is not finite.
 */
export async function computeStep(microBatches: readonly MicroBatch[], options: StepOptions): Promise<StepOutcome> {
  let gradients: Gradients = [];
  const passes: Pass[] = [];
  try {
    for (const microBatch of microBatches) {
      if (microBatch.weight === 0) continue; // nothing is supervised
      const examples = await Promise.all(microBatch.indices.map((index) => options.set.example(index)));
      const pass = await runPass(examples, microBatch, gradients, options);
      gradients = pass.gradients;
      passes.push(pass);
    }
    const losses = await Promise.all(passes.map(({ loss }) => loss));
    const loss = losses.reduce((sum, share) => sum + share, 0);
    const failed = losses.findIndex((share) => !Number.isFinite(share));
    if (failed >= 0) throw await lossNotFinite(losses[failed], passes[failed]?.ids ?? [], options);
    await checkGradients(
      gradients,
      passes.flatMap(({ ids }) => ids),
      options,
    );
    const { maximumGradientNorm } = options.recipe;
    if (maximumGradientNorm !== undefined) gradients = clipGradients(gradients, maximumGradientNorm);
    const counts = passes.map((pass) => pass.counts).reduce(addCounts);
    return { loss, gradients, counts, flops: passes.reduce((sum, { flops }) => sum + flops, 0) };
  } catch (error) {
    disposeGradients(gradients);
    throw error;
  }
}

interface Pass {
  readonly ids: readonly string[];
  /** Weighted: its share of the step's loss. */
  readonly loss: Promise<number>;
  /** Of this pass and all before it. */
  readonly gradients: Gradients;
  readonly counts: TokenCounts;
  readonly flops: number;
}

async function runPass(
  examples: readonly Encoded[],
  { shape, weight }: MicroBatch,
  before: Gradients,
  { model, parameters, gradientCheckpointing }: StepOptions,
): Promise<Pass> {
  const batch = await model.collate(examples, shape);
  try {
    const share = (): tf.Scalar => tf.mul(model.loss(batch.tensors, { gradientCheckpointing }), weight);
    const { loss, gradients } = lossAndGradients(
      share,
      parameters.map(({ variable }) => variable),
    );
    return {
      ids: examples.map(({ id }) => id),
      gradients: addGradients(before, gradients),
      // Asked for at once, so that a backend that only records runs this pass before the next one adds to it;
      // awaited at the end of the step, so that others need not wait in between.
      loss: read(loss),
      counts: batch.counts,
      flops: model.trainingFlops(batch, { gradientCheckpointing }),
    };
  } finally {
    batch.dispose();
  }
}

async function read(scalar: tf.Scalar): Promise<number> {
  const [value = NaN] = await scalar.data<"float32">();
  scalar.dispose();
  return value;
}

function addCounts(left: TokenCounts, right: TokenCounts): TokenCounts {
  return {
    text: left.text + right.text,
    image: left.image + right.image,
    padding: left.padding + right.padding,
    supervised: left.supervised + right.supervised,
  };
}

async function lossNotFinite(
  loss: number | undefined,
  ids: readonly string[],
  { step, model, recipe }: StepOptions,
): Promise<MlanError> {
  const weight = await nameOfBrokenWeight(model);
  if (weight !== undefined) {
    return new MlanError(
      "invalid-checkpoint",
      `trainer: the loss of step ${step} is ${loss} because tensor "${weight}" of ${model.name} holds values ` +
        "that are not finite. Begin with another checkpoint.",
    );
  }
  return new MlanError(
    "invalid-options",
    `trainer: the loss of step ${step} is ${loss} on the conversations ${listOf(ids)}. Look at them, or lower ` +
      `learningRate (${recipe.learningRate}), raise warmupRatio (${recipe.warmupRatio}), or set maximumGradientNorm.`,
  );
}

async function nameOfBrokenWeight(model: TrainableModel): Promise<string | undefined> {
  for (const parameter of model.parameters()) {
    if ((await parameter.read()).some((value) => !Number.isFinite(value))) return parameter.name;
  }
  return undefined;
}

/** Before the update: not even a clipped gradient would leave weights that are numbers. */
async function checkGradients(
  gradients: Gradients,
  ids: readonly string[],
  { step, recipe, parameters }: StepOptions,
): Promise<void> {
  const found = await firstNotFinite(gradients);
  if (!found) return;
  const name = parameters[found.index]?.name;
  throw new MlanError(
    "invalid-options",
    `trainer: the gradient of "${name}" in step ${step} is not finite although the loss is, on the conversations ${listOf(ids)}. ` +
      `Look at them, or lower learningRate (${recipe.learningRate}).`,
  );
}

function listOf(ids: readonly string[]): string {
  const more = ids.length > LISTED ? ` and ${ids.length - LISTED} more` : "";
  return `${ids.slice(0, LISTED).join(", ")}${more}`;
}

const LISTED = 8;
