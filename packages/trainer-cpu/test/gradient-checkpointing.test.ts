import { COMPUTE, createScope, type StepEndEvent, TRAINER } from "@mlan/core";
import { createLlavaSource, llama } from "@mlan/model-llava";
import {
  alphabetConversations,
  memoryDataset,
  temporaryFolder,
  type TinyCheckpoint,
  WORDINGS,
  writeTinyLlava,
} from "@mlan/testing";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";
import { beforeAll, describe, expect, it } from "vitest";

const folder = temporaryFolder();
let checkpoint: TinyCheckpoint;
beforeAll(async () => {
  checkpoint = await writeTinyLlava(folder, { seed: 2 });
});
interface Training {
  readonly steps: readonly StepEndEvent[];
  readonly weights: readonly (readonly number[])[];
}

async function tune(gradientCheckpointing: boolean): Promise<Training> {
  await using scope = createScope(cpuTrainer({ threads: 1, gradientCheckpointing }));
  const trainer = scope.get(TRAINER);
  const source = createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute: scope.get(COMPUTE),
    untunedWording: WORDINGS["vicuna-base"],
    weights: checkpoint.backbone,
    visionTower: checkpoint.tower,
  });
  const model = await source.open({ seed: 1 });
  const recipe = instructionTuning({
    format: { maximumLength: 256 },
    batchSize: 4,
    microBatchSize: 2,
    learningRate: 1e-2,
    maximumSteps: 4,
  });
  const data = memoryDataset("alphabet", alphabetConversations(16));
  const steps: StepEndEvent[] = [];
  const run = { model, data, recipe, seed: 3, folder: new URL(`${gradientCheckpointing}/`, folder) };
  for await (const event of trainer.train(run)) if (event.type === "step-end") steps.push(event);
  const weights = await Promise.all(model.parameters().map(async (parameter) => [...(await parameter.read())]));
  model.dispose();
  return { steps, weights };
}

describe("cpuTrainer with gradient checkpointing", () => {
  it("takes the same steps to the bit, and counts what it computes twice", async () => {
    const [plain, checkpointed] = [await tune(false), await tune(true)];
    expect(plain.steps).toHaveLength(4);
    expect(checkpointed.steps.map(({ loss }) => loss)).toEqual(plain.steps.map(({ loss }) => loss));
    expect(checkpointed.weights).toEqual(plain.weights);
    for (const [index, { flops }] of checkpointed.steps.entries()) {
      expect(flops / (plain.steps[index]?.flops ?? NaN)).toBeGreaterThan(1.1);
      expect(flops / (plain.steps[index]?.flops ?? NaN)).toBeLessThan(4 / 3 + 0.01);
    }
  });
});
