import type { ExperimentPlan } from "./manifest.ts";
import type { TrainingRecipe } from "../contracts/trainer.ts";

/**
 * Converts a stored recipe to the current fields; earlier versions wrote one field `protocol` in place of three of
 * them. Returns any other value unchanged.
 */
export function currentRecipe(stored: unknown): unknown {
  if (typeof stored !== "object" || stored === null || !("protocol" in stored)) return stored;
  const { protocol, ...recipe } = stored;
  return protocol === "strict" ? { ...recipe, ...STRICT } : recipe;
}

const STRICT = {
  lossWeighting: "position",
  groupLengths: "absolute",
  answerSpans: "turns",
} as const satisfies Partial<TrainingRecipe>;

/** Converts the recipes in a stored plan to the current fields. */
export function currentPlan(plan: ExperimentPlan): ExperimentPlan {
  const stages = plan.stages.map((stage) => {
    const { settings } = stage;
    if (typeof settings !== "object" || settings === null || !("recipe" in settings)) return stage;
    return { ...stage, settings: { ...settings, recipe: currentRecipe(settings.recipe) } };
  });
  return { ...plan, stages };
}
