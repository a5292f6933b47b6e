import type { RecipeFormat, TrainingRecipe } from "@mlan/core";
import { checkRecipe } from "./recipe-schema.ts";

/** The fields of a recipe to change. Fields of `format` that are not given keep their values. */
export interface RecipeOverrides extends Partial<Omit<TrainingRecipe, "format">> {
  readonly format?: Partial<RecipeFormat>;
}

/** Stage 1 of arXiv 2411.10557 (`scripts/train/pretrain.sh`) with `overrides`. Throws `invalid-options`. */
export function alignment(overrides: RecipeOverrides = {}): TrainingRecipe {
  return withOverrides(ALIGNMENT, overrides);
}

/**
 * Stage 2 of arXiv 2411.10557 (`scripts/train/finetune.sh`) with `overrides`, in the model's own template: "v1" for Llama 2
 * and Vicuna, as in the paper. Throws `invalid-options`.
 */
export function instructionTuning(overrides: RecipeOverrides = {}): TrainingRecipe {
  return withOverrides(INSTRUCTION_TUNING, overrides);
}

/** The original code saves only at the end. The interval does not change results. */
const CHECKPOINT_EVERY = 500;

const ALIGNMENT: TrainingRecipe = {
  trained: ["projector"],
  format: { template: "plain", imageAspectRatio: "square", maximumLength: 2048 },
  batchSize: 256,
  microBatchSize: 32,
  epochs: 1,
  learningRate: 1e-3,
  warmupRatio: 0.03,
  weightDecay: 0,
  groupByModality: false,
  checkpointEvery: CHECKPOINT_EVERY,
};

const INSTRUCTION_TUNING: TrainingRecipe = {
  trained: ["language", "projector"],
  format: { imageAspectRatio: "pad", maximumLength: 2048 },
  batchSize: 64,
  microBatchSize: 8,
  epochs: 1,
  learningRate: 2e-5,
  warmupRatio: 0.03,
  weightDecay: 0,
  groupByModality: true,
  checkpointEvery: CHECKPOINT_EVERY,
};

function withOverrides(recipe: TrainingRecipe, { format, ...rest }: RecipeOverrides): TrainingRecipe {
  return checkRecipe({ ...recipe, ...rest, format: { ...recipe.format, ...format } });
}
