import type { ExperimentPlan } from "./manifest.ts";
import type { TrainingRecipe } from "./trainer.ts";

/**
 * A recipe as a file holds it, in the fields of today: earlier versions wrote `protocol`, which decided what three of them
 * say now. Any other value is returned as it is.
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

/** A plan as a run folder holds it, with the recipes of its stages in the fields of today. */
export function currentPlan(plan: ExperimentPlan): ExperimentPlan {
  const stages = plan.stages.map((stage) => {
    const { settings } = stage;
    if (typeof settings !== "object" || settings === null || !("recipe" in settings)) return stage;
    return { ...stage, settings: { ...settings, recipe: currentRecipe(settings.recipe) } };
  });
  return { ...plan, stages };
}
