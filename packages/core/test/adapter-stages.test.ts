import {
  type AdapterOptions,
  createScope,
  type ModelInspection,
  type PlannedTraining,
  TRAINER,
  train,
  type TrainingRecipe,
} from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryDataset } from "@mlan/testing";
import { expect, it } from "vitest";

const ADAPTER: AdapterOptions = { rank: 4, alpha: 8, dropout: 0, rankStabilized: false };
const RECIPE: TrainingRecipe = {
  trained: ["adapter"],
  adapter: ADAPTER,
  format: { template: "v1", imageAspectRatio: "pad", maximumLength: 64 },
  batchSize: 1,
  microBatchSize: 1,
  epochs: 1,
  learningRate: 1,
  warmupRatio: 0,
  weightDecay: 0,
  groupByModality: false,
  checkpointEvery: 1,
};

/** What a trainer is asked about before a run. */
async function planned(recipe: TrainingRecipe, adapterBefore?: AdapterOptions): Promise<PlannedTraining | undefined> {
  const asked: PlannedTraining[] = [];
  const check = (training: PlannedTraining): { peakBytes: number; keptBytes: number } => {
    asked.push(training);
    return { peakBytes: 0, keptBytes: 0 };
  };
  const trainer = { specVersion: 1, name: "asked", train: () => ({}), check };
  const scope = createScope([
    fakeModelPlugin({ weights: new URL("weights", import.meta.url) }),
    { name: "asked", token: TRAINER, create: () => trainer as never },
  ]);
  const model: ModelInspection = {
    content: { stamp: "", digest: () => Promise.resolve("") },
    parameters: { language: 5, projector: 2 },
    adapterParameters: ({ rank }) => 10 * rank,
    alwaysSaved: [],
  };
  const stage = train({ name: "tune", data: memoryDataset("alphabet", alphabetConversations(3)), recipe });
  await stage.check?.({
    scope,
    benchmarks: [],
    trainedBefore: adapterBefore ? ["adapter"] : [],
    ...(adapterBefore && { adapterBefore }),
    model,
  });
  await scope[Symbol.asyncDispose]();
  return asked[0];
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
