import type { EvaluatedModel, View } from "@mlan/run-view";
import type { ModelData } from "./page-data.ts";

const COLORS = 8;

/**
 * Returns the label, color and symbol of each model. A base is gray, and the other models have different colors and
 * symbols. If a study has several backbones, each arm has a color, and each backbone has a symbol.
 */
export function modelsOf({ models }: View): readonly ModelData[] {
  const trained = models.filter(({ base }) => base !== undefined);
  // Without comparisons no model is a base, and every model has a color.
  const isBase = ({ base }: EvaluatedModel): boolean => base === undefined && trained.length > 0;
  const backbones = [...new Set(models.map(({ backbone }) => backbone))];
  const armOf = ({ id, arm }: EvaluatedModel): string => (backbones.length > 1 ? (arm ?? id) : id);
  const arms = [...new Set(models.filter((model) => !isBase(model)).map(armOf))];
  return models.map((model, index) => {
    const base = models.findIndex(({ id }) => id === model.base);
    return {
      label: model.label,
      color: isBase(model) ? "base" : `arm-${arms.indexOf(armOf(model)) % COLORS}`,
      symbol: backbones.length > 1 ? backbones.indexOf(model.backbone) : index,
      ...(backbones.length > 1 && { backbone: backbones.indexOf(model.backbone) }),
      ...(base >= 0 && { base }),
    };
  });
}
