import { COMPUTE, createScope, type DeviceUse, MlanError, MODEL, TRAINER, trainableModel } from "@mlan/core";
import {
  alphabetConversations,
  describeTrainerContract,
  fakeModelPlugin,
  memoryDataset,
  temporaryFolder,
} from "@mlan/testing";
import { gpuTrainer, instructionTuning } from "@mlan/trainer-gpu";
import { describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";
import * as tf from "@tensorflow/tfjs-core";

describe("gpuTrainer, before it trains,", () => {
  it("registers and loads nothing when it is made", () => {
    const scope = createScope(gpuTrainer());
    expect([scope.get(COMPUTE).name, scope.get(TRAINER).name]).toEqual(["tensorflow", "@mlan/trainer"]);
    expect(tf.engine().registryFactory).toEqual({});
  });
});

describeWithTensorFlow("the trainer contract on TensorFlow", () => {
  describeTrainerContract(gpuTrainer({ device: "cpu", threads: 2 }));
});

describeWithTensorFlow("steps of gpuTrainer", () => {
  const folder = temporaryFolder();
  it("report their own device use", async () => {
    const scope = createScope([fakeModelPlugin(), gpuTrainer({ device: "cpu", threads: 2 })]);
    const trainer = scope.get(TRAINER);
    const model = trainableModel(await scope.get(MODEL).open({ seed: 3 }));
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
    // The first step creates the variables that later ones update in place.
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

  it("is a compute plugin with its device, and a trainer; recomputation does not change results", () => {
    const parts = gpuTrainer({ threads: 3, precision: "bfloat16", gradientCheckpointing: true });
    expect(parts).toMatchObject([
      { name: "@mlan/backend-tensorflow", token: COMPUTE },
      { name: "@mlan/trainer", token: TRAINER },
    ]);
    expect(parts.map(({ settings }) => settings)).toEqual([{ device: "gpu", threads: 3, precision: "bfloat16" }, {}]);
    expect(gpuTrainer({ device: 1 })[0].settings).toEqual({ device: 1 });
  });
});
