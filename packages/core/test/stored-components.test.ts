import type { Component, PlannedTraining } from "@mlan/core";
import { expect, it } from "vitest";
import { plannedTraining, RECIPE } from "./planned-training.ts";

async function planned(
  alwaysSaved: readonly Component[] | undefined,
  trainedBefore: readonly Component[],
): Promise<PlannedTraining["stored"]> {
  const parameters = { language: 5, projector: 2, vision: 3 };
  const model = { parameters, ...(alwaysSaved && { alwaysSaved }) };
  return (await plannedTraining({ ...RECIPE, trained: ["projector"] }, { model, trainedBefore }))?.stored;
}

it("a trainer learns which components its checkpoints hold: those of this stage, of earlier ones, and of no folder", async () => {
  expect(await planned([], [])).toEqual(["projector"]);
  expect(await planned(["vision"], ["language", "projector"])).toEqual(["vision", "language", "projector"]);
});

it("and nothing of the kind where the model saves everything", async () => {
  expect(await planned(undefined, ["language"])).toBeUndefined();
});
