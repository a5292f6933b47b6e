import { experiment, type RunEvent, runExperiment, runFolder } from "@mlan/core";
import { fakeModelPlugin } from "@mlan/testing";
import { expect, it } from "vitest";
import { build, folder, useScratchRuns, weights } from "./scratch-run.ts";
import { addingTrainer, weightEvaluator } from "./small-run.ts";

useScratchRuns();

async function eventsOf(notices: readonly string[]): Promise<readonly RunEvent[]> {
  const use = [fakeModelPlugin({ weights, notices }), addingTrainer(), weightEvaluator()];
  const events: RunEvent[] = [];
  const { stages } = build();
  for await (const event of runExperiment(experiment({ name: "small", use, stages }), { folder })) events.push(event);
  return events;
}

it("what a model says of its files is an event before the first stage, and is in the manifest", async () => {
  const events = await eventsOf(["the projector is new", "old.bin is not read"]);
  const types = events.map(({ type }) => type);
  expect(events.filter(({ type }) => type === "notice")).toEqual([
    { type: "notice", notice: "the projector is new" },
    { type: "notice", notice: "old.bin is not read" },
  ]);
  expect(types.lastIndexOf("notice")).toBeLessThan(types.indexOf("stage-start"));
  expect((await runFolder(folder).readManifest())?.notices).toEqual(["the projector is new", "old.bin is not read"]);
});

it("a model with nothing to say leaves no trace", async () => {
  expect((await eventsOf([])).some(({ type }) => type === "notice")).toBe(false);
  expect(await runFolder(folder).readManifest()).not.toHaveProperty("notices");
});
