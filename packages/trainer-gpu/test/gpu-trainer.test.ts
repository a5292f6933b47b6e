import { createScope, MlanError, TRAINER } from "@mlan/core";
import { describeTrainerContract } from "@mlan/testing";
import { gpuTrainer } from "@mlan/trainer-gpu";
import { describe, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

describeWithTensorFlow("the trainer contract on TensorFlow", () => {
  describeTrainerContract(createScope([gpuTrainer({ device: "cpu", threads: 2 })]).get(TRAINER));
});

describe("gpuTrainer", () => {
  it("refuses unknown options and says which", () => {
    const typo = JSON.parse('{ "devise": "gpu" }');
    expect(() => gpuTrainer(typo)).toThrow(/trainer-gpu.*devise/s);
  });

  it.each([-1, 1.5, JSON.parse('"tpu"')])("refuses the device %s", (device) => {
    expect(() => gpuTrainer({ device })).toThrow(MlanError);
  });

  it("writes its settings into the manifest, with the device that it wants", () => {
    expect(gpuTrainer({ threads: 3 }).settings).toEqual({ device: "gpu", threads: 3 });
  });
});
