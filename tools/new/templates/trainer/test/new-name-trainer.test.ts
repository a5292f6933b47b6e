import { COMPUTE, TRAINER } from "@mlan/core";
import { describeTrainerContract } from "@mlan/testing";
import { expect, test } from "vitest";
import { newNameTrainer } from "../src/index.ts";

describeTrainerContract(newNameTrainer({ threads: 1 }));

test("refuses options that do not exist", () => {
  expect(() => newNameTrainer(JSON.parse('{ "thread": 2 }'))).toThrow(/trainer-new-name.*"thread".*threads/s);
});

test("is a compute and a trainer, each with the settings that affect results", () => {
  expect(newNameTrainer({ threads: 3, gradientCheckpointing: true })).toMatchObject([
    { token: COMPUTE, settings: { threads: 3 } },
    { token: TRAINER, settings: {} },
  ]);
});
