import * as tf from "@tensorflow/tfjs-core";
import { MlanError, type TrainingRecipe } from "@mlan/core";
import { changeWeights, memoryDataset, temporaryFolder } from "@mlan/testing";
import { instructionTuning } from "@mlan/trainer";
import { beforeEach, describe, expect, it } from "vitest";
import { letters, RECIPE, SILENT, train, withEyes } from "./run-training.ts";

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});

describe("training stops with one clear error", () => {
  it("when a loss is not finite, naming step and conversations", async () => {
    let calls = 0;
    const run = train({
      folder,
      recipe: { ...RECIPE, checkpointEvery: 1 },
      data: memoryDataset("letters", letters(8)),
      adapt: (model) => ({ ...model, loss: (tensors) => (++calls === 4 ? tf.scalar(NaN) : model.loss(tensors)) }),
    });
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(MlanError.is(error, "invalid-options")).toBe(true);
    expect(String(error)).toMatch(/step 2 is NaN on the conversations (letter-\d(, )?){4}\..*learningRate/);
  });

  it("when the backend cannot update moments in bfloat16, before the data are read", async () => {
    let encoded = 0;
    const run = train({
      folder,
      recipe: { ...RECIPE, momentPrecision: "bfloat16" },
      adapt: (model) => ({ ...model, encode: (...given) => (encoded++, model.encode(...given)) }),
    });
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-options")).toBe(true);
    expect(String(error)).toMatch(/backend cpu has no update for moments in bfloat16/);
    expect(encoded).toBe(0);
  });

  it("when a weight is not finite, naming it", async () => {
    const run = train({
      folder,
      adapt(model) {
        changeWeights(model, ({ name, variable }) => (name === "table" ? tf.fill(variable.shape, NaN) : undefined));
        return withEyes(model);
      },
    });
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(/loss of step 1 is NaN because tensor "table" of .*fake-model contains values/);
  });

  it.each([undefined, 1])(
    "when a gradient is not finite although the loss is, before the update (maximum norm %s)",
    async (maximumGradientNorm) => {
      let calls = 0;
      const recipe = { ...RECIPE, checkpointEvery: 1, ...(maximumGradientNorm && { maximumGradientNorm }) };
      const run = train({
        folder,
        recipe,
        adapt(model) {
          let table: tf.Variable | undefined;
          // The square root of 0 is finite, but its derivative is not.
          const root = (): tf.Scalar => tf.tidy(() => tf.sum(tf.sqrt(tf.mul(table!, 0))));
          return {
            ...model,
            learn(components) {
              const learning = model.learn(components);
              table = learning.parameters[0]?.variable;
              return learning;
            },
            loss: (tensors) => (++calls > 2 ? tf.tidy(() => tf.add(model.loss(tensors), root())) : model.loss(tensors)),
          };
        },
      });
      const error: unknown = await run.catch((thrown: unknown) => thrown);
      expect(MlanError.is(error, "invalid-options")).toBe(true);
      expect(String(error)).toMatch(/gradient of "table" in step 2 is not finite .* the conversations letter-/);
      // The last checkpoint is that of the previous step, and complete.
      const { weights, events } = await train({ folder, recipe, breakAt: 2 });
      expect(events[0]).toMatchObject({ stepsDone: 1 });
      expect(weights.table!.every(Number.isFinite)).toBe(true);
    },
  );

  it("but not when only the sum of finite gradients overflows: the step is taken", async () => {
    let table: tf.Variable | undefined;
    const recipe = { ...RECIPE, maximumSteps: 2, warmupRatio: 0, maximumGradientNorm: 1 };
    const taken = (slope: number) =>
      train({
        folder: new URL(`${slope}/`, folder),
        recipe,
        adapt: (model) => ({
          ...model,
          learn(components) {
            const learning = model.learn(components);
            table = learning.parameters[0]?.variable;
            return learning;
          },
          loss: (tensors) => tf.tidy(() => tf.add(model.loss(tensors), tf.mul(tf.sum(table!), slope))),
        }),
      });
    // 784 values: the sum of 1e34 fits in a float32, that of 1e37 does not.
    const [sums, overflows] = [await taken(1e34), await taken(1e37)];
    expect(overflows.steps).toHaveLength(2);
    expect(overflows.weights.table!.every(Number.isFinite)).toBe(true);
    expect(overflows.weights.table).toEqual(sums.weights.table);
  });

  it("when a step would have nothing supervised, before the first one", async () => {
    const recipe: TrainingRecipe = { ...RECIPE, batchSize: 2, microBatchSize: 1 };
    const silent = [1, 2, 3].map((number) => ({ ...SILENT, id: `silent-${number}` }));
    const data = memoryDataset("mixed", [...letters(1), ...silent]);
    await expect(train({ folder, recipe, data })).rejects.toThrow(
      /none of the 2 conversations of step \d has a supervised position; in all, 3 of 4 have none\..*"position"/,
    );
    expect((await train({ folder, recipe: { ...recipe, lossWeighting: "position" }, data })).steps).toHaveLength(3);
  });

  it.each<[string, Partial<TrainingRecipe>, RegExp]>([
    [
      "the only step",
      { epochs: 1, batchSize: 24 },
      /nothing would be learned: the only step has .* rate 0.*warmupRatio \(0\.1\) to 0.*batchSize \(24\).*epochs \(1\)/,
    ],
    ["every step", { learningRate: 0 }, /each of the 9 steps has learning rate 0\. Set a learningRate above 0/],
  ])("when %s has the learning rate 0", async (_title, change, message) => {
    const error: unknown = await train({ folder, recipe: { ...RECIPE, ...change } }).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-options")).toBe(true);
    expect(String(error)).toMatch(message);
  });

  it("when the defaults of the paper meet up to 64 conversations", async () => {
    const recipe = instructionTuning({ format: { maximumLength: 64 } });
    await expect(train({ folder, recipe, data: memoryDataset("few", letters(64)) })).rejects.toThrow(/only step/);
    const { steps } = await train({ folder, recipe, data: memoryDataset("more", letters(65)) });
    expect(steps.map(({ learningRate }) => learningRate)).toEqual([0, 2e-5]);
  });

  it("when nothing is supervised", async () => {
    await expect(train({ folder, data: memoryDataset("mute", [SILENT]) })).rejects.toThrow(
      /mute: none of its 1 .*silent: no assistant text/,
    );
  });

  it("when the dataset is empty", async () => {
    await expect(train({ folder, data: memoryDataset("empty", []) })).rejects.toThrow(/none of its 0 conversations/);
  });

  it("when the recipe is not one", async () => {
    const typo = { ...RECIPE, epoch: 3 };
    await expect(train({ folder, recipe: typo })).rejects.toThrow(/epoch/);
  });

  it("when the model lacks a component", async () => {
    await expect(train({ folder, recipe: { ...RECIPE, trained: ["vision"] } })).rejects.toThrow(
      /no parameters in "vision"/,
    );
  });

  it("and frees its tensors", async () => {
    await train({ folder: new URL("warm/", folder) });
    const before = tf.memory().numTensors;
    const adapt = withEyes;
    let calls = 0;
    await train({
      folder,
      adapt: (model) => ({
        ...adapt(model),
        collate: (examples, shape) =>
          ++calls === 4 ? Promise.reject(new Error("no image")) : model.collate(examples, shape),
      }),
    }).catch(() => undefined);
    expect(calls).toBe(4);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("when an update has made a weight infinite, and keeps the checkpoint before it", async () => {
    let steps = 0;
    const recipe = { ...RECIPE, checkpointEvery: 1 };
    const run = train({
      folder,
      recipe,
      adapt(model) {
        let table: tf.Variable | undefined;
        return {
          ...withEyes(model),
          learn(components) {
            const learning = model.learn(components);
            table = learning.parameters[0]?.variable;
            return learning;
          },
          async save(target) {
            if (++steps === 3) table?.assign(tf.tidy(() => tf.mul(tf.add(tf.abs(table!), 1), 1e39)));
            await model.save(target);
          },
        };
      },
    });
    const error: unknown = await run.catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(
      /checkpoint of step 3 could not be written.*from step 2\. .*table" holds values that are not/,
    );
    expect((await train({ folder, recipe })).events[0]).toMatchObject({ stepsDone: 2 });
  });
});
