import { COMPUTE, createScope, MlanError, TRAINER } from "@mlan/core";
import { describeTrainerContract } from "@mlan/testing";
import { cpuTrainer } from "@mlan/trainer-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";

describeTrainerContract(cpuTrainer({ threads: 1 }));
describeTrainerContract(cpuTrainer({ threads: 1, gradientCheckpointing: true }));

describe("cpuTrainer", () => {
  it("registers nothing when it is made", () => {
    tf.removeBackend("onnx");
    const scope = createScope(cpuTrainer({ threads: 1 }));
    expect([scope.get(COMPUTE).name, scope.get(TRAINER).name]).toEqual(["onnx", "@mlan/trainer"]);
    expect(tf.engine().findBackendFactory("onnx")).toBe(null);
  });

  it("refuses unknown options and says which", () => {
    const typo = JSON.parse('{ "thread": 2 }');
    expect(() => cpuTrainer(typo)).toThrow(/trainer-cpu.*"thread".*threads, gradientCheckpointing/s);
  });

  it.each([0, -1, 1.5, 257, 1000, Number.NaN])("refuses %s threads", (threads) => {
    expect(() => cpuTrainer({ threads })).toThrow(MlanError);
  });

  it("refuses a gradientCheckpointing that is neither true nor false", () => {
    const word = JSON.parse('{ "gradientCheckpointing": "yes" }');
    expect(() => cpuTrainer(word)).toThrow(/"gradientCheckpointing": expected true or false, found "yes"/);
  });

  it("is a compute plugin and a trainer, with the settings that decide the result: recomputation is not one of them", () => {
    const parts = cpuTrainer({ threads: 3, gradientCheckpointing: true });
    expect(parts).toMatchObject([
      { name: "@mlan/backend-onnx", token: COMPUTE, settings: { threads: 3 } },
      { name: "@mlan/trainer", token: TRAINER },
    ]);
    expect(parts.map(({ settings }) => settings)).toEqual([{ threads: 3 }, {}]);
    expect(cpuTrainer().map(({ settings }) => settings)).toEqual([{}, {}]);
  });
});
