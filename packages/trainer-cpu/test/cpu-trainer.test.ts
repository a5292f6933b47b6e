import { createScope, MlanError, TRAINER } from "@mlan/core";
import { describeTrainerContract } from "@mlan/testing";
import { cpuTrainer } from "@mlan/trainer-cpu";
import { describe, expect, it } from "vitest";

describeTrainerContract(createScope([cpuTrainer({ threads: 1 })]).get(TRAINER));
describeTrainerContract(createScope([cpuTrainer({ threads: 1, gradientCheckpointing: true })]).get(TRAINER));

describe("cpuTrainer", () => {
  it("refuses unknown options and says which", () => {
    const typo = JSON.parse('{ "thread": 2 }');
    expect(() => cpuTrainer(typo)).toThrow(/trainer-cpu.*thread/s);
  });

  it.each([0, -1, 1.5, 257, 1000, Number.NaN])("refuses %s threads", (threads) => {
    expect(() => cpuTrainer({ threads })).toThrow(MlanError);
  });

  it("writes what decides the result into the manifest, so that a run goes on with or without recomputation", () => {
    expect(cpuTrainer({ threads: 3, gradientCheckpointing: true }).settings).toEqual({ threads: 3 });
    expect(cpuTrainer().settings).toEqual({});
  });
});
