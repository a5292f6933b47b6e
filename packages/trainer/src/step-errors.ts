import { type LearningParameter, MlanError, type TrainableModel, type TrainingRecipe } from "@mlan/core";
import { firstTensorNotFinite } from "./first-tensor-not-finite.ts";
import type { Gradients } from "./gradients.ts";

/** The facts about a step that its errors mention. */
export interface StepInErrors {
  /** Counted from 1. */
  readonly step: number;
  readonly model: TrainableModel;
  readonly recipe: TrainingRecipe;
  /** The trained parameters. */
  readonly parameters: readonly LearningParameter[];
}

/**
 * Returns the error for a loss that is not finite: `invalid-checkpoint` if a weight is not finite, otherwise
 * `invalid-options`.
 */
export async function lossNotFinite(
  loss: number | undefined,
  ids: readonly string[],
  { step, model, recipe }: StepInErrors,
): Promise<MlanError> {
  const weight = await nameOfBrokenWeight(model);
  if (weight !== undefined) {
    return new MlanError(
      "invalid-checkpoint",
      `trainer: the loss of step ${step} is ${loss} because tensor "${weight}" of ${model.name} contains values ` +
        "that are not finite. Start from a different checkpoint.",
    );
  }
  return new MlanError(
    "invalid-options",
    `trainer: the loss of step ${step} is ${loss} on the conversations ${listOf(ids)}. Inspect them, or lower ` +
      `learningRate (${recipe.learningRate}), raise warmupRatio (${recipe.warmupRatio}), or set maximumGradientNorm.`,
  );
}

/** Throws `invalid-options` when a gradient has a value that is not finite. */
export async function checkGradients(
  gradients: Gradients,
  ids: readonly string[],
  { step, recipe, parameters }: StepInErrors,
): Promise<void> {
  const found = await firstTensorNotFinite(gradients);
  if (!found) return;
  const name = parameters[found.index]?.name;
  throw new MlanError(
    "invalid-options",
    `trainer: the gradient of "${name}" in step ${step} is not finite although the loss is, on the conversations ${listOf(ids)}. ` +
      `Inspect them, or lower learningRate (${recipe.learningRate}).`,
  );
}

async function nameOfBrokenWeight(model: TrainableModel): Promise<string | undefined> {
  for (const parameter of model.parameters()) {
    if ((await parameter.read()).some((value) => !Number.isFinite(value))) return parameter.name;
  }
  return undefined;
}

function listOf(ids: readonly string[]): string {
  const more = ids.length > LISTED ? ` and ${ids.length - LISTED} more` : "";
  return `${ids.slice(0, LISTED).join(", ")}${more}`;
}

const LISTED = 8;
