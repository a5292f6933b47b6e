import type { ComparedPair } from "./compared-pair.ts";
import { pairModels } from "./compared-pair.ts";
import type { LoadedModel } from "./models.ts";
import type { PairView } from "./view-results.ts";

/** Returns every model with its base, if both were evaluated. */
export function pairsWithBase(evaluated: readonly LoadedModel[]): readonly ComparedPair[] {
  const byId = new Map(evaluated.map((one) => [one.model.id, one]));
  return evaluated.flatMap((one) => {
    const base = byId.get(one.model.base ?? "");
    return base ? [pairModels(base, one)] : [];
  });
}

/** Two tuned models of the same backbone. */
export interface TunedPair extends Pick<PairView, "backbone" | "isLeading"> {
  readonly pair: ComparedPair;
}

/**
 * Returns every two tuned models of the same backbone. An arm of a study that is not the base counts as tuned, whatever
 * its stages train.
 */
export function tunedPairs(evaluated: readonly LoadedModel[]): readonly TunedPair[] {
  const tuned = evaluated.filter(
    ({ model: { arm, base, isTuned } }) => isTuned || (arm !== undefined && base !== undefined),
  );
  const backbones = [...new Set(tuned.map(({ model }) => model.backbone))];
  return backbones.flatMap((backbone) => {
    const own = inOrder(tuned.filter(({ model }) => model.backbone === backbone));
    const [first, last] = [own[0], own.at(-1)];
    const isByShare = haveShares(own) && first?.model.languageShare !== last?.model.languageShare;
    return own.flatMap((model, place) =>
      own.slice(place + 1).map((base): TunedPair => ({
        ...(backbone !== undefined && { backbone }),
        isLeading: model === first && (!isByShare || base === last),
        pair: pairModels(base, model),
      })),
    );
  });
}

function haveShares(models: readonly LoadedModel[]): boolean {
  return models.every(({ model }) => model.languageShare !== undefined);
}

/** Sorts models by descending language share. Where a share is unknown, all keep their order. */
function inOrder(models: readonly LoadedModel[]): readonly LoadedModel[] {
  if (!haveShares(models)) return models;
  return models.toSorted((one, other) => (other.model.languageShare ?? 0) - (one.model.languageShare ?? 0));
}
