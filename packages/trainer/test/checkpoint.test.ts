import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { MlanError, type TrainableModel } from "@mlan/core";
import { memoryDataset, temporaryFolder } from "@mlan/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { letters, RECIPE, train, type TrainingOptions, withEyes } from "./run-training.ts";

let folder: URL;
beforeEach(() => {
  folder = temporaryFolder();
});

const inFolder = async (): Promise<readonly string[]> => (await readdir(folder)).toSorted();
const errorOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("checkpoints", () => {
  it("are complete, and only the newest are kept", async () => {
    const { events } = await train({ folder, recipe: { ...RECIPE, checkpointEvery: 2 } });
    expect(await inFolder()).toEqual(["step-000008", "step-000009"]);
    expect((await readdir(new URL("step-000009/", folder))).toSorted()).toEqual([
      "checksums.json",
      "model",
      "optimizer.safetensors",
      "steps.jsonl",
      "trainer-state.json",
    ]);
    expect(events.at(-1)).toMatchObject({ type: "train-end", folder: new URL("step-000009/model/", folder) });
  });

  it("store the position of the run", async () => {
    await train({ folder, killAt: 5 });
    const state = JSON.parse(await readFile(new URL("step-000004/trainer-state.json", folder), "utf8"));
    expect(state).toMatchObject({ formatVersion: 2, step: 4, steps: 9, epoch: 1, cursor: 8 });
    // The recipe names none: the template is the model's own.
    expect(RECIPE.format.template).toBeUndefined();
    expect(state).toMatchObject({ depends: { recipe: { format: { template: "v1", maximumLength: 64 } } } });
  });

  it.each([1, 3, 4, 8])("resume after a stop in step %i to the same bits and losses", async (killAt) => {
    const recipe = { ...RECIPE, maximumGradientNorm: 0.5, checkpointEvery: 2 };
    const straight = await train({ folder: new URL("straight/", folder), recipe });
    await train({ folder: new URL("stopped/", folder), recipe, killAt });
    const resumed = await train({ folder: new URL("stopped/", folder), recipe });
    // A stop at the end of a step precedes the checkpoint of that step.
    const stepsDone = 2 * Math.floor((killAt - 1) / 2);
    expect(resumed.events[0]).toMatchObject({ type: "train-start", stepsDone });
    expect(resumed.steps.map(({ loss }) => loss)).toEqual(straight.steps.slice(stepsDone).map(({ loss }) => loss));
    expect(resumed.weights).toEqual(straight.weights);
  });

  it.each([1, 4, 5, 9])("are left by a caller who breaks in step %i, so that no step is lost", async (breakAt) => {
    const straight = await train({ folder: new URL("straight/", folder) });
    const stopped = await train({ folder: new URL("stopped/", folder), breakAt });
    expect(stopped.events.at(-1)).toMatchObject({ type: "step-end", step: breakAt });
    const resumed = await train({ folder: new URL("stopped/", folder) });
    expect(resumed.events[0]).toMatchObject({ type: "train-start", stepsDone: breakAt });
    expect(resumed.weights).toEqual(straight.weights);
  });

  it("give the trained model again when training had ended", async () => {
    const first = await train({ folder });
    const again = await train({ folder });
    expect(again.events.map(({ type }) => type)).toEqual(["train-start", "train-end"]);
    expect(again.events.at(-1)).toEqual(first.events.at(-1));
    expect(again.weights).toEqual(first.weights);
  });

  it("that a killed process left unfinished are removed", async () => {
    await train({ folder, killAt: 5 });
    await mkdir(new URL("step-000008.4711.tmp/", folder));
    await mkdir(new URL("step-000008/model/", folder), { recursive: true });
    const { events } = await train({ folder });
    expect(events[0]).toMatchObject({ stepsDone: 4 });
    expect(await inFolder()).toEqual(["step-000008", "step-000009"]);
  });
});

/** Encodes every conversation with 20 more positions, which are not supervised. */
function longer(model: TrainableModel): TrainableModel {
  return {
    ...model,
    encode(conversation, options) {
      const { inputIds, labels, ...rest } = model.encode(conversation, options);
      const more = 20;
      return {
        ...rest,
        inputIds: Int32Array.from({ length: inputIds.length + more }, (_, place) => inputIds[place] ?? 0),
        labels: Int32Array.from({ length: labels.length + more }, (_, place) => labels[place] ?? -100),
        length: rest.length + more,
      };
    },
  };
}

describe("a checkpoint that does not fit is refused", () => {
  // oxfmt-ignore
  it.each<[string, Partial<TrainingOptions>, RegExp]>([
    ["another learning rate", { recipe: { ...RECIPE, learningRate: 0.2 } },                /recipe\.learningRate was 0\.1, now it is 0\.2/],
    ["an option more",        { recipe: { ...RECIPE, maximumGradientNorm: 1 } },           /recipe\.maximumGradientNorm was absent, now it is 1/],
    ["other components",      { recipe: { ...RECIPE, trained: ["projector"] } },           /recipe\.trained was .*\n.*parameters was \["table \[28, 28\]"/],
    ["another seed",          { seed: 8 },                                                 /seed was 7, now it is 8/],
    ["other data",            { data: memoryDataset("letters", letters(25)) },             /dataFingerprint was .*\n.*conversations was 24, now it is 25/],
    ["another model",         { adapt: (model) => ({ ...withEyes(model), fingerprint: "x" }) }, /modelFingerprint was "fake-model-1", now it is "x"/],
    ["other batch lengths",   { adapt: (model) => withEyes(longer(model)) },               /lengths was \[.*\], now it is \[.*\]/],
  ])("%s", async (_name, change, message) => {
    await train({ folder, killAt: 5 });
    const error = await errorOf(train({ folder, ...change }));
    expect(MlanError.is(error, "run-folder")).toBe(true);
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/step-000004.*a different run[^]*train in a different folder/);
  });

  it("but may be saved more or less often", async () => {
    await train({ folder, killAt: 5 });
    const { events } = await train({ folder, recipe: { ...RECIPE, checkpointEvery: 100 } });
    expect(events[0]).toMatchObject({ stepsDone: 4 });
  });
});

describe("a disk that is full during a checkpoint", () => {
  /** Fails during the second checkpoint like a real disk: some bytes are written, others are not. */
  const onFullDisk = (model: TrainableModel): TrainableModel => {
    let saves = 0;
    return {
      ...withEyes(model),
      async save(target) {
        await model.save(target);
        if (++saves === 2) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      },
    };
  };

  it("ends training with one clear error, leaves the checkpoint before it, and training resumes from there", async () => {
    const straight = await train({ folder: new URL("straight/", folder) });
    await rm(new URL("straight/", folder), { recursive: true });
    const error = await errorOf(train({ folder, adapt: onFullDisk }));
    expect(MlanError.is(error, "unavailable")).toBe(true);
    expect(String(error)).toMatch(/checkpoint of step 8 could not be written.*from step 4.*The disk is full/);
    expect(await inFolder()).toEqual(["step-000004"]);
    const resumed = await train({ folder });
    expect(resumed.events[0]).toMatchObject({ stepsDone: 4 });
    expect(resumed.weights).toEqual(straight.weights);
  });
});
