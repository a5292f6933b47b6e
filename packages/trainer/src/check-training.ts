import { MlanError, type PlannedTraining, type TrainingNeeds } from "@mlan/core";
import { checkSchedule } from "./check-schedule.ts";
import { CHECKPOINTS_KEPT } from "./checkpoint.ts";
import { checkRecipe } from "./recipe-schema.ts";
import { stepsOf } from "./training-plan.ts";

const BYTES_PER_VALUE = 4;
/** Size of AdamW's two moments per trained value, in bytes. */
const MOMENT_BYTES = { float32: 8, bfloat16: 4 } as const;

/**
 * Checks a planned training stage before the model is loaded; see {@link Trainer.check}. Counts steps as if every
 * conversation had a supervised position.
 */
export function checkTraining(planned: PlannedTraining): TrainingNeeds {
  const { conversations, parameters } = planned;
  const recipe = checkRecipe(planned.recipe);
  const { steps } = stepsOf(conversations, recipe);
  if (steps > 0) checkSchedule(recipe, steps);
  if (!parameters) return { peakBytes: 0, keptBytes: 0, steps };
  for (const component of recipe.trained) {
    if (parameters[component] !== undefined) continue;
    throw new MlanError(
      "invalid-options",
      `trainer: the model has no parameters in "${component}", which the recipe trains. Remove it from \`trained\`.`,
    );
  }
  const sizes = planned.stored?.map((component) => parameters[component] ?? 0) ?? Object.values(parameters);
  const stored = sizes.reduce((sum, values) => sum + values, 0);
  const learning = recipe.trained.reduce((sum, component) => sum + (parameters[component] ?? 0), 0);
  const checkpoint = BYTES_PER_VALUE * stored + MOMENT_BYTES[recipe.momentPrecision ?? "float32"] * learning;
  const checkpoints = Math.ceil(steps / recipe.checkpointEvery);
  return {
    // The oldest checkpoint is removed after the new one is complete.
    peakBytes: checkpoint * Math.min(CHECKPOINTS_KEPT + 1, checkpoints),
    keptBytes: checkpoint * Math.min(CHECKPOINTS_KEPT, checkpoints),
    steps,
  };
}
