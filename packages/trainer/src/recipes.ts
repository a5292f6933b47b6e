import type { Component, RecipeFormat, TrainingRecipe } from "@mlan/core";
import type { LowRankAdapter } from "./lora.ts";
import { checkRecipe } from "./recipe-schema.ts";

/** The fields of a recipe to change. Fields of `format` that are missing here keep their values. */
export interface RecipeOverrides extends Partial<Omit<TrainingRecipe, "format" | "adapter">> {
  readonly format?: Partial<RecipeFormat>;
  /** The adapter to train in place of the language model, created by {@link lora}. */
  readonly adapter?: LowRankAdapter;
}

/**
 * Returns the recipe of stage 1 of arXiv 2411.10557 (`scripts/train/pretrain.sh`) with `overrides`. Throws
 * `invalid-options`.
 */
export function alignment(overrides: RecipeOverrides = {}): TrainingRecipe {
  return withOverrides(ALIGNMENT, overrides);
}

/**
 * Returns the recipe of stage 2 of arXiv 2411.10557 (`scripts/train/finetune.sh`) with `overrides`. The template is the
 * model's own: "v1" for Llama 2 and Vicuna, as in the paper. With an adapter, the learning rates are those of LLaVA's
 * `finetune_lora.sh`: 2e-4, and 2e-5 for the projector. Throws `invalid-options`.
 */
export function instructionTuning(overrides: RecipeOverrides = {}): TrainingRecipe {
  return withOverrides(INSTRUCTION_TUNING, overrides);
}

/** Number of steps between checkpoints, which does not affect results. The original code saves only at the end. */
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

function withOverrides(recipe: TrainingRecipe, overrides: RecipeOverrides): TrainingRecipe {
  const { format, adapter, ...rest } = overrides;
  const adapted = adapter ? adaptedRecipe(recipe, adapter, overrides.trained) : recipe;
  return checkRecipe({ ...adapted, ...rest, format: { ...recipe.format, ...format } });
}

function adaptedRecipe(
  recipe: TrainingRecipe,
  { projector = true, ...adapter }: LowRankAdapter,
  trained: readonly Component[] = projector ? ["adapter", "projector"] : ["adapter"],
): TrainingRecipe {
  const rates = trained.includes("projector") && { learningRates: { projector: PROJECTOR_RATE } };
  return { ...recipe, trained, adapter, learningRate: ADAPTER_RATE, ...rates };
}

/** `--learning_rate` and `--mm_projector_lr` of LLaVA's `finetune_lora.sh`. */
const ADAPTER_RATE = 2e-4;
const PROJECTOR_RATE = 2e-5;
