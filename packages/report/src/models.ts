import type { EvaluatedModel, View } from "@mlan/run-view";
import type { ModelData } from "./page-data.ts";

const COLORS = 8;

/** Returns the appearance of each model: a base is grey, the others have colours in their order. */
export function modelsOf({ models }: View): readonly ModelData[] {
  const trained = models.filter(({ base }) => base !== undefined);
  // With nothing to compare there is no base: every model has a colour.
  const isBase = ({ base }: EvaluatedModel): boolean => base === undefined && trained.length > 0;
  const colored = models.filter((model) => !isBase(model));
  return models.map((model, index) => ({
    label: model.label,
    color: isBase(model) ? "base" : `arm-${colored.indexOf(model) % COLORS}`,
    symbol: index,
  }));
}
