import { concat, type Conversation, type Dataset, type StepEndEvent, type TrainableModel } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import { fakeModelSource, memoryDataset, temporaryFolder } from "@mlan/testing";
import { instructionTuning } from "@mlan/trainer";
import { beforeEach, describe, expect, it } from "vitest";
import { letters, RECIPE, SILENT, train } from "./run-training.ts";

let folder: URL;

beforeEach(() => {
  folder = temporaryFolder();
});

describe("a step's loss", () => {
  const recipe = instructionTuning({ ...RECIPE, batchSize: 8, microBatchSize: 1, maximumSteps: 1, warmupRatio: 0 });
  const conversations = letters(8, false);

  const single = async (): Promise<{ losses: number[]; supervised: number[] }> => {
    const model = await fakeModelSource().open({ seed: 3 });
    const examples = conversations.map((conversation) => model.encode(conversation));
    const losses = [];
    for (const example of examples) {
      const batch = await model.collate([example], { rows: 1, length: example.length });
      const loss = model.loss(batch.tensors);
      losses.push((await loss.data())[0]!);
      tf.dispose(loss);
      batch.dispose();
    }
    model.dispose();
    return { losses, supervised: examples.map((example) => example.supervised) };
  };

  it("is the mean of its micro-batches' means, as in the paper", async () => {
    const { losses } = await single();
    const { steps } = await train({ folder, recipe, data: memoryDataset("letters", conversations) });
    expect(steps[0]!.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 8, 6);
  });

  it("is the mean over supervised positions when they weigh the same", async () => {
    const { losses, supervised } = await single();
    const { steps } = await train({
      folder,
      recipe: { ...recipe, lossWeighting: "position" },
      data: memoryDataset("letters", conversations),
    });
    const weighted = losses.reduce((sum, loss, index) => sum + loss * supervised[index]!, 0);
    const total = supervised.reduce((sum, count) => sum + count, 0);
    expect(steps[0]!.loss).toBeCloseTo(weighted / total, 6);
    expect(Math.abs(weighted / total - losses.reduce((sum, loss) => sum + loss, 0) / 8)).toBeGreaterThan(1e-5);
  });

  it("is the mean of those micro-batches that supervise anything, where these weigh the same", async () => {
    const one = conversations.slice(0, 3);
    const data = memoryDataset("letters", [...one, SILENT]);
    const few = { ...recipe, batchSize: 4 };
    const { steps, events } = await train({ folder, recipe: few, data });
    const { losses } = await single();
    expect(steps[0]!.loss).toBeCloseTo((losses[0]! + losses[1]! + losses[2]!) / 3, 6);
    expect(events[0]).toMatchObject({
      warnings: [expect.stringMatching(/^1 micro-batches have no supervised position/)],
    });
    const exact = await train({
      folder: new URL("exact/", folder),
      recipe: { ...few, lossWeighting: "position" },
      data,
    });
    expect(exact.events[0]).toMatchObject({ warnings: [] });
  });

  it("counts a conversation without supervision for nothing among others of its micro-batch", async () => {
    const pair = [conversations[0]!, SILENT];
    const { steps } = await train({
      folder,
      recipe: { ...recipe, batchSize: 2, microBatchSize: 2 },
      data: memoryDataset("letters", pair),
    });
    expect(steps[0]!.loss).toBeCloseTo((await single()).losses[0]!, 6);
  });

  it("has gradients that do not depend on how steps weighted by positions are cut into micro-batches", async () => {
    const data = memoryDataset("letters", conversations);
    const [whole, cut] = await Promise.all(
      [8, 2].map(async (microBatchSize) =>
        train({
          folder: new URL(`${microBatchSize}/`, folder),
          data,
          recipe: { ...recipe, lossWeighting: "position", microBatchSize, maximumSteps: 3 },
        }),
      ),
    );
    whole!.weights.table!.forEach((weight, index) => expect(cut!.weights.table![index]).toBeCloseTo(weight, 5));
  });

  describe("by dataset", () => {
    const [first, second] = [conversations.slice(0, 3), conversations.slice(3)];
    const both = concat(memoryDataset("first", first), memoryDataset("second", second));
    const plain = (model: TrainableModel): TrainableModel => model;
    const meanOf = (from: number, to: number, { losses, supervised }: Awaited<ReturnType<typeof single>>): number =>
      losses.slice(from, to).reduce((sum, loss, index) => sum + loss * supervised[from + index]!, 0) /
      supervised.slice(from, to).reduce((sum, count) => sum + count, 0);

    it.each([1, 4])("is the mean over its supervised positions, in micro-batches of %i", async (microBatchSize) => {
      const { steps } = await train({ folder, recipe: { ...recipe, microBatchSize }, data: both, adapt: plain });
      const alone = await single();
      const { sources = {} } = steps[0]!;
      expect(Object.keys(sources).toSorted()).toEqual(["first", "second"]);
      expect(sources["first"]!.loss).toBeCloseTo(meanOf(0, 3, alone), 5);
      expect(sources["second"]!.loss).toBeCloseTo(meanOf(3, 8, alone), 5);
      expect(sources["first"]!.supervised).toBe(alone.supervised[0]! + alone.supervised[1]! + alone.supervised[2]!);
    });

    it("is that of each dataset when two have the same name", async () => {
      const named = (name: string): Dataset<Conversation> =>
        concat(memoryDataset(name, first), memoryDataset("same", second), memoryDataset("same (1)", [SILENT]));
      const options = { folder, recipe: { ...recipe, batchSize: 9 }, adapt: plain };
      const [same, different] = [
        await train({ ...options, folder: new URL("same/", folder), data: named("same") }),
        await train({ ...options, folder: new URL("different/", folder), data: named("other") }),
      ].map(({ steps }) => steps[0]!.sources);
      expect(same).toEqual({ "same (2)": different!["other"], "same (3)": different!["same"] });
    });

    it("changes no weight, and is kept in checkpoints", async () => {
      const long = { ...RECIPE, microBatchSize: 4, maximumSteps: 5, epochs: 5 };
      const one = await train({
        folder: new URL("one/", folder),
        recipe: long,
        data: memoryDataset("all", conversations),
        adapt: plain,
      });
      const several = { folder: new URL("several/", folder), recipe: long, data: both, adapt: plain };
      const tensors = tf.memory().numTensors;
      const mixed = await train(several);
      expect(tf.memory().numTensors).toBe(tensors);
      expect(mixed.weights).toEqual(one.weights);
      expect(one.steps[0]).not.toHaveProperty("sources");
      const start = (await train(several)).events[0];
      const loss = (step: StepEndEvent): unknown => ({ step: step.step, sources: step.sources });
      expect(start?.type === "train-start" && start.history?.map(loss)).toEqual(mixed.steps.map(loss));
    });
  });
});
