import type { ExperimentPlan } from "./manifest.ts";
import type { TrainingRecipe } from "../contracts/trainer.ts";

/**
 * A stored recipe in today's fields: earlier versions wrote one field `protocol` in place of three of them. Any other
 * value is returned unchanged.
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

/** A stored plan, with the recipes of its stages in today's fields. */
export function currentPlan(plan: ExperimentPlan): ExperimentPlan {
  const stages = plan.stages.map((stage) => {
    const { settings } = stage;
    if (typeof settings !== "object" || settings === null || !("recipe" in settings)) return stage;
    return { ...stage, settings: { ...settings, recipe: currentRecipe(settings.recipe) } };
  });
  return { ...plan, stages };
}
