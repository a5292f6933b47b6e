import { readdir } from "node:fs/promises";
import { runExperiment, train, type TrainingRecipe } from "@mlan/core";
import { expect, it } from "vitest";
import example from "../../../examples/lora.ts";
import { scratchFolder } from "./tiny-model.ts";

it("the example of an adapter learns, and its checkpoint contains only the adapter", async () => {
  const folder = await scratchFolder();
  const stage = example.stages.find(({ name }) => name === "tune");
  if (!stage?.data) throw new Error("the example has no training stage");
  const { recipe } = stage.settings as { readonly recipe: TrainingRecipe };
  const short = { ...recipe, maximumSteps: 4, warmupRatio: 0, checkpointEvery: 4 };
  const stages = [train({ name: "tune", data: stage.data, recipe: short })];
  const losses: number[] = [];
  for await (const event of runExperiment({ ...example, stages }, { folder })) {
    if (event.type === "stage-progress" && event.event.type === "step-end") losses.push(event.event.loss);
  }
  expect(losses).toHaveLength(4);
  expect(losses[3]).toBeLessThan(losses[0] ?? NaN);
  const names = await readdir(new URL("checkpoints/tune/step-000004/model/", folder));
  expect(names).toContain("adapter_config.json");
  expect(names.filter((name) => name.endsWith(".safetensors"))).toEqual(["adapter_model.safetensors"]);
});
