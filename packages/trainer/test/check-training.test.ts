import { readdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError, type PlannedTraining, type TrainingNeeds } from "@mlan/core";
import { plainCompute, temporaryFolder } from "@mlan/testing";
import { createTrainer } from "@mlan/trainer";
import { describe, expect, it } from "vitest";
import { RECIPE, train } from "./run-training.ts";

const trainer = createTrainer({ name: "trainer", compute: plainCompute() });
/** Parameter counts of the fake model. */
const PARAMETERS = { language: 28 * 28, projector: 6 };

const check = (change: Partial<PlannedTraining> = {}): TrainingNeeds | undefined =>
  trainer.check?.({ recipe: RECIPE, conversations: 24, parameters: PARAMETERS, ...change });

describe("a training that is checked before it begins", () => {
  it("needs as much of the disk as its weights and moments take", async () => {
    const values = 28 * 28 + 6;
    // Nine steps write three checkpoints, of which two are kept.
    expect(check()).toMatchObject({ steps: 9, peakBytes: 3 * 3 * 4 * values, keptBytes: 2 * 3 * 4 * values });
    const folder = temporaryFolder();
    await train({ folder });
    const names = await readdir(folder, { recursive: true });
    const optimizers = names.filter((name) => name.endsWith("optimizer.safetensors"));
    const { size } = await stat(`${fileURLToPath(folder)}${optimizers[0]}`);
    expect(optimizers).toHaveLength(2);
    expect(size).toBeGreaterThanOrEqual(2 * 4 * values);
    expect(size).toBeLessThan(2 * 4 * values + 2000);
  });

  it("needs less when little learns, and when few checkpoints are made", () => {
    expect(check({ recipe: { ...RECIPE, trained: ["projector"] } })?.keptBytes).toBe(2 * 4 * (28 * 28 + 3 * 6));
    const alone: Partial<PlannedTraining> = { recipe: { ...RECIPE, trained: ["projector"] }, stored: ["projector"] };
    expect(check(alone)?.keptBytes).toBe(2 * 4 * 3 * 6);
    const once = check({ recipe: { ...RECIPE, checkpointEvery: 100 } });
    expect(once?.peakBytes).toBe(once?.keptBytes);
  });

  it("asks for nothing that it cannot know", () => {
    expect(trainer.check?.({ recipe: RECIPE, conversations: 24 })).toMatchObject({
      steps: 9,
      peakBytes: 0,
      keptBytes: 0,
    });
  });

  // prettier-ignore
  it.each<[string, Partial<PlannedTraining>, RegExp]>([
    ["a recipe that cannot be used",    { recipe: { ...RECIPE, microBatchSize: 3 } },                     /must divide batchSize/],
    ["a component that is not there",   { parameters: { language: 1 } },                                  /no parameters in "projector"/],
    ["a schedule that teaches nothing", { conversations: 8, recipe: { ...RECIPE, epochs: 1 } },           /nothing would be learned/],
  ])("refuses %s", (_, change, message) => {
    expect(() => check(change)).toThrow(message);
    expect(() => check(change)).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
  });
});
