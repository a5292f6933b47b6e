import type { EvaluatedModel, View } from "@mlan/run-view";
import type { ModelData } from "./page-data.ts";

const COLORS = 8;

/** Returns the label, colour and symbol of each model. A base is grey; the other models have different colours. */
export function modelsOf({ models }: View): readonly ModelData[] {
  const trained = models.filter(({ base }) => base !== undefined);
  // Without comparisons no model is a base, and every model has a colour.
  const isBase = ({ base }: EvaluatedModel): boolean => base === undefined && trained.length > 0;
  const colored = models.filter((model) => !isBase(model));
  return models.map((model, index) => ({
    label: model.label,
    color: isBase(model) ? "base" : `arm-${colored.indexOf(model) % COLORS}`,
    symbol: index,
  }));
}
