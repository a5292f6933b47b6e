import type { ExperimentPlan } from "./manifest.ts";
import type { TrainingRecipe } from "../contracts/trainer.ts";

/**
 * Converts a stored recipe to the current fields. Earlier versions wrote one field `protocol` in place of three of
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
  return withRecipes(plan, currentRecipe);
}

/**
 * Returns a plan in which all recipes name a template. `templateOf` returns the template for a stage whose recipe names
 * none.
 */
export function withTemplates(plan: ExperimentPlan, templateOf: (stage: string) => string | undefined): ExperimentPlan {
  return withRecipes(plan, (recipe, stage) => {
    const { format } = Object(recipe);
    const template = templateOf(stage);
    if (typeof format !== "object" || format === null || "template" in format || template === undefined) return recipe;
    return { ...Object(recipe), format: { template, ...format } };
  });
}

/** Returns the templates that a plan's recipes name, by stage. */
export function templatesIn({ stages }: ExperimentPlan): ReadonlyMap<string, string> {
  return new Map(
    stages.flatMap(({ name, settings }) => {
      const { template } = Object(Object(Object(settings).recipe).format);
      return typeof template === "string" ? [[name, template] as const] : [];
    }),
  );
}

function withRecipes(plan: ExperimentPlan, change: (recipe: unknown, stage: string) => unknown): ExperimentPlan {
  const stages = plan.stages.map((stage) => {
    const { name, settings } = stage;
    if (typeof settings !== "object" || settings === null || !("recipe" in settings)) return stage;
    return { ...stage, settings: { ...settings, recipe: change(settings.recipe, name) } };
  });
  return { ...plan, stages };
}
