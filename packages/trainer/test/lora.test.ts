import { MlanError } from "@mlan/core";
import { temporaryFolder } from "@mlan/testing";
import { instructionTuning, lora, type RecipeOverrides } from "@mlan/trainer";
import { describe, expect, it } from "vitest";
import { RECIPE, train } from "./run-training.ts";

/** LLaVA's scripts/v1_5/finetune_lora.sh. */
it("an adapter has the defaults of LLaVA's own script, and its learning rates", () => {
  const { adapter, trained, learningRate, learningRates } = instructionTuning({ adapter: lora() });
  expect(adapter).toEqual({ rank: 128, alpha: 256, dropout: 0.05, rankStabilized: false });
  expect(trained).toEqual(["adapter", "projector"]);
  expect([learningRate, learningRates]).toEqual([2e-4, { projector: 2e-5 }]);
});

it("an adapter without the projector, of other options, and at other rates", () => {
  const adapter = lora({ rank: 8, targets: ["q_proj"], projector: false, rankStabilized: true });
  const recipe = instructionTuning({ adapter, learningRate: 1e-3 });
  expect(recipe.adapter).toEqual({ rank: 8, alpha: 16, dropout: 0.05, rankStabilized: true, targets: ["q_proj"] });
  expect(recipe.trained).toEqual(["adapter"]);
  expect(recipe.learningRate).toBe(1e-3);
  expect(recipe.learningRates).toBeUndefined();
  expect(instructionTuning(recipe)).toEqual({ ...recipe, trained: ["adapter"] });
});

describe("is refused:", () => {
  // oxfmt-ignore
  it.each<[string, Parameters<typeof lora>[0], RegExp]>([
    ["a rank of 0",           { rank: 0 },                          /rank/],
    ["a factor of 0",         { alpha: 0 },                         /alpha/],
    ["dropping everything",   { dropout: 1 },                       /dropout/],
    ["no targets",            { targets: [] },                      /targets/],
    ["no expression",         { targets: "(" },                     /targets/],
    ["an unknown option",     JSON.parse('{ "r": 4 }'),             /there is no option "r"/],
    ["a projector by name",   JSON.parse('{ "projector": "yes" }'), /projector/],
  ])("%s", (_, options, message) => {
    expect(() => lora(options)).toThrow(message);
    expect(() => lora(options)).toThrow(MlanError);
  });

  // oxfmt-ignore
  it.each<[string, RecipeOverrides, RegExp]>([
    ["an adapter that does not learn",    { adapter: lora(), trained: ["projector"] },             /an adapter and "adapter" among the trained components need each other/],
    ["a component without an adapter",    { trained: ["adapter"] },                                /need each other/],
    ["an adapter on a model that learns", { adapter: lora(), trained: ["language", "adapter"] },   /frozen under its adapter/],
    ["a rate of what does not learn",     { learningRates: { vision: 1e-3 } },                     /a component that is not trained has a learning rate/],
    ["a negative rate",                   { learningRates: { projector: -1 } },                    /learningRates/],
  ])("%s", (_, overrides, message) => {
    expect(() => instructionTuning(overrides)).toThrow(message);
  });

  it("a model that does not support adapters, before anything is trained", async () => {
    const { adapter, trained } = instructionTuning({ adapter: lora({ rank: 2 }) });
    const run = train({ folder: temporaryFolder(), recipe: { ...RECIPE, trained, ...(adapter && { adapter }) } });
    await expect(run).rejects.toThrow(/fake-model.* does not support adapters\. Train its language model instead/);
  });
});

it("a component with another learning rate moves by that, and the others by the common one", async () => {
  const weightsAfter = async (changes: RecipeOverrides): Promise<Readonly<Record<string, readonly number[]>>> => {
    const recipe = { ...RECIPE, maximumSteps: 3, warmupRatio: 0, weightDecay: 0 };
    return (await train({ folder: temporaryFolder(), recipe: instructionTuning({ ...recipe, ...changes }) })).weights;
  };
  const common = await weightsAfter({});
  const slow = await weightsAfter({ learningRates: { projector: 0.01 } });
  const alone = await weightsAfter({ learningRate: 0, learningRates: { projector: 0.1 } });
  expect(slow["table"]).toEqual(common["table"]);
  // It begins with zeros.
  for (const [index, value] of common["projector"]?.entries() ?? []) {
    expect(value).toBeGreaterThan(0.05);
    expect((slow["projector"]?.[index] ?? NaN) / value).toBeCloseTo(0.1, 1);
  }
  expect(alone["projector"]).toEqual(common["projector"]);
  expect(alone["table"]).not.toEqual(common["table"]);
});
