import {
  createScope,
  type ModelInspection,
  type PlannedTraining,
  type StageCheckContext,
  TRAINER,
  train,
  type TrainingRecipe,
} from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryDataset } from "@mlan/testing";

/** A recipe without the components that it trains. */
export const RECIPE: Omit<TrainingRecipe, "trained"> = {
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

interface Before extends Pick<StageCheckContext, "trainedBefore" | "adapterBefore"> {
  /** What is known about the model, without its content. */
  readonly model: Omit<ModelInspection, "content">;
}

/** Returns the argument with which a run calls {@link Trainer.check}. Undefined if the run does not call it. */
export async function plannedTraining(
  recipe: TrainingRecipe,
  { model, ...before }: Before,
): Promise<PlannedTraining | undefined> {
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
  const stage = train({ name: "tune", data: memoryDataset("alphabet", alphabetConversations(3)), recipe });
  const content = { stamp: "", digest: () => Promise.resolve("") };
  await stage.check?.({ scope, benchmarks: [], ...before, model: { content, ...model } });
  await scope[Symbol.asyncDispose]();
  return asked[0];
}
