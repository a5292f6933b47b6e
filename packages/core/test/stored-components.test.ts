import {
  type Component,
  createScope,
  type ModelInspection,
  type PlannedTraining,
  TRAINER,
  train,
  type TrainingRecipe,
} from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryDataset } from "@mlan/testing";
import { expect, it } from "vitest";

const RECIPE: Omit<TrainingRecipe, "trained"> = {
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
async function planned(
  alwaysSaved: readonly Component[] | undefined,
  trainedBefore: readonly Component[],
): Promise<PlannedTraining["stored"]> {
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
  const content = { stamp: "", digest: () => Promise.resolve("") };
  const model: ModelInspection = {
    content,
    parameters: { language: 5, projector: 2, vision: 3 },
    ...(alwaysSaved && { alwaysSaved }),
  };
  const stage = train({
    name: "tune",
    data: memoryDataset("alphabet", alphabetConversations(3)),
    recipe: { ...RECIPE, trained: ["projector"] },
  });
  await stage.check?.({ scope, benchmarks: [], trainedBefore, model });
  await scope[Symbol.asyncDispose]();
  return asked[0]?.stored;
}

it("a trainer learns which components its checkpoints hold: those of this stage, of earlier ones, and of no folder", async () => {
  expect(await planned([], [])).toEqual(["projector"]);
  expect(await planned(["vision"], ["language", "projector"])).toEqual(["vision", "language", "projector"]);
});

it("and nothing of the kind where the model saves everything", async () => {
  expect(await planned(undefined, ["language"])).toBeUndefined();
});
