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

  it.each([0, -1, 1.5])("refuses %s threads", (threads) => {
    expect(() => cpuTrainer({ threads })).toThrow(MlanError);
  });

  it("writes its settings into the manifest", () => {
    const options = { threads: 3, gradientCheckpointing: true };
    expect(cpuTrainer(options).settings).toEqual(options);
  });
});
