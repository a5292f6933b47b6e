import "@tensorflow/tfjs-backend-cpu"; // the contract suite's model keeps tensors
import { createScope, EVALUATOR } from "@mlan/core";
import { describeEvaluatorContract } from "@mlan/testing";
import { expect, test } from "vitest";
import { newName } from "../src/index.ts";

describeEvaluatorContract(createScope([newName()]).get(EVALUATOR));

test("refuses options that do not exist", () => {
  expect(() => newName(JSON.parse('{ "batchsize": 2 }'))).toThrow('new-name: there is no option "batchsize"');
});

test("has its name, and no settings that leave answers unchanged", () => {
  expect(newName({ batchSize: 2 })).toMatchObject({ name: "@mlan/eval-new-name", token: EVALUATOR, settings: {} });
});
