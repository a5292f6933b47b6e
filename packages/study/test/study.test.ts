import { evaluate, type Stage, train } from "@mlan/core";
import { isStudy, study } from "@mlan/study";
import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { addingTrainer, RECIPE, weightEvaluator } from "../../core/test/small-run.ts";
import { letters } from "./small-study.ts";

const test = evaluate({ name: "test", benchmarks: [memoryBenchmark("bench", [])] });
const tune = (share: number, seed: number): Stage =>
  train({ name: `tune-${share}-${seed}`, data: letters("data"), recipe: RECIPE });
const common = {
  name: "shares",
  models: { small: fakeModelPlugin(), large: fakeModelPlugin() },
  use: [addingTrainer(), weightEvaluator()],
};

describe("study", () => {
  const made = study({
    ...common,
    seeds: [3, 4],
    arms: { base: undefined, half: 0.5, all: 1 },
    stages: (share, { seed }) => (share === undefined ? [test] : [tune(share, seed), test]),
  });

  it("makes an experiment for each seed, model and arm, in this order", () => {
    expect(made.runs.map(({ seed, model, arm }) => `${seed} ${model} ${arm}`)).toEqual(
      [3, 4].flatMap((seed) =>
        ["small", "large"].flatMap((model) => ["base", "half", "all"].map((arm) => `${seed} ${model} ${arm}`)),
      ),
    );
    expect(made.runs[7]?.experiment).toMatchObject({
      name: "shares-small-half",
      seed: 4,
      stages: [{ name: "tune-0.5-4" }, { name: "test" }],
    });
    expect(made.runs[7]?.experiment.use).toHaveLength(3);
  });

  it("keeps numbers of arms, and compares with the first unless told otherwise", () => {
    expect(made.arms).toEqual([{ name: "base" }, { name: "half", value: 0.5 }, { name: "all", value: 1 }]);
    expect(made.base).toBe("base");
    const other = study({ ...common, arms: { a: [test], b: [test] }, base: "b", stages: (stages) => stages });
    expect([other.base, other.seeds]).toEqual(["b", [42]]);
  });

  it("takes whole numbers as names of arms when the base is given", () => {
    const arms = { all: [test], 0: [test] };
    expect(study({ ...common, arms, base: "all", stages: (stages) => stages }).base).toBe("all");
    expect(study({ ...common, arms: { 0: [test] }, stages: (stages) => stages }).base).toBe("0");
  });

  it("is recognized, and nothing else is", () => {
    expect(isStudy(made)).toBe(true);
    for (const value of [undefined, {}, { ...made, runs: undefined }, made.runs[0]?.experiment, { ...made, kind: "x" }])
      expect(isStudy(value)).toBe(false);
  });
});

describe("study refuses", () => {
  const stages = (): readonly Stage[] => [test];
  // prettier-ignore
  it.each<[string, object, string]>([
    ["no arms",                     { arms: {} },                               "expected at least one arm"],
    ["an arm without stages",       { stages: () => [] },                       'study: arm "a" on small with seed 42: option "stages": expected at least one stage'],
    ["an arm whose stages are none",{ stages: () => undefined },                'study: arm "a" on small with seed 42: option "stages": expected a list'],
    ["an arm whose stages throw",   { stages: () => { throw new Error("no such share"); } }, 'study: arm "a" on small with seed 42: no such share'],
    ["two stages of one name",      { stages: () => [test, test] },             'two stages are called "test"'],
    ["arms that differ by case",    { arms: { Mlan: 1, mlan: 1 } },             'arms has both "Mlan" and "mlan"'],
    ["names that are no folders",   { arms: { "a/b": 1 } },                     "expected a name of at most 80 letters"],
    ["names that Windows reserves", { arms: { con: 1 } },                       "expected a name of at most 80 letters"],
    ["a name that ends in a dot",   { arms: { "a.": 1 } },                      "expected a name of at most 80 letters"],
    ["a seed that is there twice",  { seeds: [1, 2, 1] },                       "the seed 1 occurs twice"],
    ["no seeds",                    { seeds: [] },                              "expected at least one seed"],
    ["a seed that is no number",    { seeds: ["1"] },                           "expected a number"],
    ["no models",                   { models: {} },                             "expected at least one model"],
    ["a model that is none",        { models: { small: addingTrainer() } },     "models.small provides no model. Give a model plugin, such as llama2()."],
    ["a model that is no plugin",   { models: { small: "llama2" } },            'expected a plugin or a list of plugins, found "llama2"'],
    ["a model named as its folder", { models: { Shared: fakeModelPlugin() } },  'has "Shared", which is the name of a file or folder that the study itself uses'],
    ["two models",                  { use: [fakeModelPlugin()] },               "both provide"],
    ["an unknown base",             { base: "b" },                              'base is "b", which is not an arm. Use one of: "a"'],
    ["arms that JavaScript reorders", { arms: { base: 1, 0: 0 } },              'option "base" is required with an arm called "0"'],
    ["an arm that is no finite number", { arms: { a: NaN } },                   "arms.a is NaN; give a finite number"],
    ["an unknown option",           { sedes: [1] },                             "sedes"],
    ["stages that are a list",      { stages: [test] },                         "expected a function that returns the stages of an arm"],
  ])("%s", (_, change, message) => {
    const options = { ...common, arms: { a: 1 }, stages, ...change };
    expect(() => study(options)).toThrow(message);
    expect(() => study(options)).toThrow(expect.objectContaining({ code: "invalid-options" }));
  });
});
