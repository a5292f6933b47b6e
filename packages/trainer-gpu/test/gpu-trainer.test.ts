import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createScope, type DeviceUse, MlanError, TRAINER } from "@mlan/core";
import { alphabetConversations, describeTrainerContract, fakeModelSource, memoryDataset } from "@mlan/testing";
import { gpuTrainer, instructionTuning } from "@mlan/trainer-gpu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("the trainer contract on TensorFlow", () => {
  describeTrainerContract(createScope([gpuTrainer({ device: "cpu", threads: 2 })]).get(TRAINER));
});

describeWithTensorFlow("steps of gpuTrainer", () => {
  let folder: URL;
  beforeAll(async () => {
    folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-gpu-trainer-"))}/`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("tell what they took of the device, each for itself", async () => {
    const trainer = createScope([gpuTrainer({ device: "cpu", threads: 2 })]).get(TRAINER);
    const model = await fakeModelSource().open({ seed: 3 });
    const data = memoryDataset("alphabet", alphabetConversations(16));
    const recipe = instructionTuning({
      format: { maximumLength: 64 },
      batchSize: 4,
      microBatchSize: 4,
      groupByModality: false,
      maximumSteps: 4,
    });
    const uses: DeviceUse[] = [];
    for await (const event of trainer.train({ model, data, recipe, seed: 7, folder }))
      if (event.type === "step-end" && event.device) uses.push(event.device);
    model.dispose();
    expect(uses).toHaveLength(4);
    // The first step makes the variables that later ones update in place.
    const [first, second, ...later] = uses.map(({ dispatches }) => dispatches);
    expect(second).toBeGreaterThan(10);
    expect(first).toBeGreaterThan(second ?? NaN);
    expect(new Set(later)).toEqual(new Set([second]));
    for (const { peakBytes } of uses) expect(peakBytes).toBeGreaterThan(0);
  });
});

describe("gpuTrainer", () => {
  it("refuses unknown options and says which", () => {
    const typo = JSON.parse('{ "devise": "gpu" }');
    expect(() => gpuTrainer(typo)).toThrow(/trainer-gpu.*devise/s);
  });

  it.each([-1, 1.5, JSON.parse('"tpu"')])("refuses the device %s", (device) => {
    expect(() => gpuTrainer({ device })).toThrow(MlanError);
  });

  it.each([0, -1, 1.5, 257, 1000, Number.NaN])("refuses %s threads", (threads) => {
    expect(() => gpuTrainer({ threads })).toThrow(MlanError);
  });

  it("writes its settings into the manifest, with the device that it wants", () => {
    expect(gpuTrainer({ threads: 3 }).settings).toEqual({ device: "gpu", threads: 3 });
  });
});
