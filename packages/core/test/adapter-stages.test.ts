import type { AdapterOptions, PlannedTraining, TrainingRecipe } from "@mlan/core";
import { expect, it } from "vitest";
import { plannedTraining, RECIPE as UNTRAINED } from "./planned-training.ts";

const ADAPTER: AdapterOptions = { rank: 4, alpha: 8, dropout: 0, rankStabilized: false };
const RECIPE: TrainingRecipe = { ...UNTRAINED, trained: ["adapter"], adapter: ADAPTER };

function planned(recipe: TrainingRecipe, adapterBefore?: AdapterOptions): Promise<PlannedTraining | undefined> {
  return plannedTraining(recipe, {
    trainedBefore: adapterBefore ? ["adapter"] : [],
    ...(adapterBefore && { adapterBefore }),
    model: {
      parameters: { language: 5, projector: 2 },
      adapterParameters: ({ rank }) => 10 * rank,
      alwaysSaved: [],
    },
  });
}

it("a trainer learns the size of an adapter that a stage adds, or that an earlier one has added", async () => {
  const parameters = { language: 5, projector: 2, adapter: 40 };
  expect(await planned(RECIPE)).toMatchObject({ parameters, stored: ["adapter"] });
  expect(await planned(RECIPE, { ...ADAPTER })).toMatchObject({ parameters, stored: ["adapter"] });
  const { adapter: _, ...rest } = RECIPE;
  expect(await planned({ ...rest, trained: ["projector"] }, ADAPTER)).toMatchObject({
    parameters,
    stored: ["adapter", "projector"],
  });
});

it("an adapter of other options, or a training of the model under it, is refused before the first stage", async () => {
  await expect(planned({ ...RECIPE, adapter: { ...ADAPTER, rank: 8 } }, ADAPTER)).rejects.toThrow(
    /stage "tune" adds another adapter than an earlier stage, which the model still has\. Give both stages the same adapter/,
  );
  const { adapter: _, ...rest } = RECIPE;
  await expect(planned({ ...rest, trained: ["language"] }, ADAPTER)).rejects.toThrow(
    /stage "tune" trains the language model under the adapter of an earlier stage/,
  );
});
