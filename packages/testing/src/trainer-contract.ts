import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import {
  createScope,
  MODEL,
  type StepEndEvent,
  type TrainableModel,
  trainableModel,
  type TrainEvent,
  TRAINER,
  type TrainingRecipe,
  type UseEntry,
} from "@mlan/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeModelPlugin } from "./fake-model.ts";
import { alphabetConversations, memoryDataset } from "./memory-dataset.ts";

const RECIPE: TrainingRecipe = {
  trained: ["language", "projector"],
  format: { template: "v1", imageAspectRatio: "pad", maximumLength: 64 },
  batchSize: 8,
  microBatchSize: 4,
  epochs: 4,
  learningRate: 0.1,
  warmupRatio: 0.1,
  weightDecay: 0,
  groupByModality: false,
  checkpointEvery: 3,
};

/**
 * Declares the contract tests of trainers: the loss falls, and repeated and resumed runs are bit-identical. `use` is
 * the trainer with the plugins that it needs, e.g. `cpuTrainer()`, or `[trainer(), plainComputePlugin()]`.
 */
export function describeTrainerContract(use: readonly UseEntry[]): void {
  const scope = createScope([fakeModelPlugin(), ...use]);
  const trainer = scope.get(TRAINER);
  const source = scope.get(MODEL);
  describe(`${trainer.name} keeps the trainer contract`, () => {
    const data = memoryDataset("alphabet", alphabetConversations(24));
    let folder: URL;
    beforeEach(async () => {
      folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-trainer-"))}/`);
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    const run = async (name: string, stopAfter = Infinity, recipe = RECIPE): Promise<Outcome> => {
      const model = trainableModel(await source.open({ seed: 3 }));
      const events: TrainEvent[] = [];
      for await (const event of trainer.train({ model, data, recipe, seed: 7, folder: new URL(`${name}/`, folder) })) {
        events.push(event);
        if (event.type === "step-end" && event.step >= stopAfter) break;
      }
      const weights = await weightsOf(model);
      model.dispose();
      return { events, weights, steps: events.filter((event) => event.type === "step-end") };
    };

    it("speaks spec version 1", () => expect(trainer.specVersion).toBe(1));

    it("reports start, every step, checkpoints and end, and the loss falls", async () => {
      const { events, steps } = await run("straight");
      expect(events[0]).toMatchObject({ type: "train-start", stepsDone: 0, steps: 12 });
      expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
      expect(events.at(-1)).toMatchObject({ type: "train-end", steps: 12 });
      expect(events.some(({ type }) => type === "checkpoint-saved")).toBe(true);
      expect(steps.at(-1)?.loss).toBeLessThan((steps[0]?.loss ?? 0) * 0.9);
    });

    it("repeats a run bit for bit", async () => {
      const first = await run("first");
      const second = await run("second");
      expect(second.weights).toEqual(first.weights);
      expect(second.steps.map(({ loss }) => loss)).toEqual(first.steps.map(({ loss }) => loss));
    });

    it("resumes after a stop and ends with the same bits", async () => {
      const straight = await run("straight");
      await run("stopped", 7);
      const resumed = await run("stopped");
      expect(resumed.events[0]).toMatchObject({ type: "train-start" });
      expect(resumed.steps[0]?.step).toBeGreaterThan(1);
      expect(resumed.weights).toEqual(straight.weights);
    });

    it("leaves frozen components as they were", async () => {
      const frozen = trainableModel(await source.open({ seed: 3 }));
      const before = await weightsOf(frozen);
      frozen.dispose();
      const { weights } = await run("frozen", Infinity, { ...RECIPE, trained: ["projector"], maximumSteps: 2 });
      expect(weights.get("table")).toEqual(before.get("table"));
    });

    it("leaves no tensors behind", async () => {
      await run("warm");
      const before = tf.memory().numTensors;
      await run("again");
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

interface Outcome {
  readonly events: readonly TrainEvent[];
  readonly steps: readonly StepEndEvent[];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

async function weightsOf(model: TrainableModel): Promise<ReadonlyMap<string, Float32Array>> {
  const weights = new Map<string, Float32Array>();
  for (const parameter of model.parameters()) weights.set(parameter.name, await parameter.read());
  return weights;
}
