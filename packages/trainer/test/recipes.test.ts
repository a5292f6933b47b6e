import { MlanError } from "@mlan/core";
import { alignment, instructionTuning, type RecipeOverrides } from "@mlan/trainer";
import { describe, expect, it } from "vitest";

/** arXiv 2411.10557, scripts/train/pretrain.sh and finetune.sh. */
// oxfmt-ignore
const PAPER = [
  // field            stage 1         stage 2
  ["trained",         ["projector"],  ["language", "projector"]],
  ["batchSize",       256,            64],
  ["microBatchSize",  32,             8],
  ["epochs",          1,              1],
  ["learningRate",    1e-3,           2e-5],
  ["warmupRatio",     0.03,           0.03],
  ["weightDecay",     0,              0],
  ["groupByModality", false,          true],
  ["format", { template: "plain", imageAspectRatio: "square", maximumLength: 2048 }, { imageAspectRatio: "pad", maximumLength: 2048 }],
] as const;

describe("the recipes of the paper", () => {
  it.each(PAPER)("%s is %j when aligning, %j when tuning", (field, first, second) => {
    expect(alignment()[field]).toEqual(first);
    expect(instructionTuning()[field]).toEqual(second);
  });

  it("do not clip gradients", () => {
    expect(alignment().maximumGradientNorm).toBeUndefined();
    expect(instructionTuning().maximumGradientNorm).toBeUndefined();
  });

  it("keep the rest of the format when a part of it is changed", () => {
    const { format } = instructionTuning({ format: { maximumLength: 128 } });
    expect(format).toEqual({ imageAspectRatio: "pad", maximumLength: 128 });
  });

  // oxfmt-ignore
  it.each<[string, RecipeOverrides, RegExp]>([
    ["an unknown option",            JSON.parse('{ "learninRate": 1 }'),        /learninRate/],
    ["a protocol, as earlier ones had", JSON.parse('{ "protocol": "strict" }'), /there is no option "protocol".*lossWeighting, groupLengths, answerSpans/],
    ["an unknown option of format",  { format: JSON.parse('{ "templat": 1 }') }, /templat/],
    ["a batch that does not divide", { batchSize: 10, microBatchSize: 4 },  /microBatchSize/],
    ["a negative learning rate",     { learningRate: -1 },                  /learningRate/],
    ["half a step",                  { maximumSteps: 1.5 },                 /maximumSteps/],
    ["nothing that learns",          { trained: [] },                       /trained/],
    ["a gradient norm of 0",         { maximumGradientNorm: 0 },            /maximumGradientNorm/],
  ])("refuse %s", (_name, overrides, message) => {
    expect(() => instructionTuning(overrides)).toThrow(message);
    expect(() => instructionTuning(overrides)).toThrow(MlanError);
  });
});
