import { cp, writeFile } from "node:fs/promises";
import { compareResults } from "@mlan/eval-compare";
import { storedEvaluations } from "@mlan/eval-kit";
import { armLabels, type View, viewOf } from "@mlan/run-view";
import { temporaryFolder } from "@mlan/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { changedCopy, smallRun, STEPS } from "./small-run.ts";

const root = temporaryFolder();
const finished = new URL("finished/", root);
let view: View;
beforeAll(async () => {
  view = await viewOf(await smallRun(finished));
});

describe("the view of a run", () => {
  test("names the run, its stages and the models that it evaluated", () => {
    expect(view).toMatchObject({ format: "mlan-view", version: 2, kind: "run", name: "small" });
    expect(view.runs).toMatchObject([
      {
        id: "small",
        seed: 42,
        state: "done",
        stages: [
          { name: "before", kind: "evaluate", state: "done" },
          { name: "tune", kind: "train", state: "done", progress: { step: STEPS, steps: STEPS } },
          { name: "after", kind: "evaluate", state: "done" },
        ],
      },
    ]);
    expect(view.models).toMatchObject([
      { id: "before", label: "before", training: { steps: 0, flops: 0 } },
      { id: "after", base: "before", languageShare: 0.75, training: { steps: STEPS, flops: STEPS * 1e9 } },
    ]);
    expect(view.models[0]).not.toHaveProperty("base");
    expect(view.models[0]).not.toHaveProperty("languageShare");
  });

  test("has results with intervals, chance, the majority, and the share of unreadable answers", () => {
    expect(view.benchmarks).toEqual([
      {
        benchmark: "letters",
        protocol: "strict",
        modality: "text",
        metric: "accuracy",
        guessing: { name: "guessing", accuracy: 0.5, kinds: 2 },
        questions: 40,
        clusters: 20,
      },
    ]);
    const [before, after] = view.results;
    expect(before).toMatchObject({ model: "before", questions: 40, unreadable: 0.125, extractor: "whole-line@1" });
    expect(before?.metrics).toMatchObject([{ name: "accuracy", value: 0.75, interval: { level: 0.95 } }]);
    expect(after?.metrics).toMatchObject([{ name: "accuracy", value: 1 }]);
    expect(before?.metrics[0]).not.toHaveProperty("overSeeds");
  });

  test("compares each model with the first as eval-compare does", async () => {
    const { evaluations } = await storedEvaluations(finished);
    const [one, other] = evaluations.map(({ header, records, stage }) => [
      { ...header, answers: records, label: stage },
    ]);
    const expected = compareResults(one ?? [], other ?? [], { allow: ["prompts"] }).benchmarks[0];
    const [comparison] = view.comparisons;
    expect(comparison).toMatchObject({ base: "before", model: "after", level: 0.95, notCompared: [] });
    expect(comparison?.benchmarks).toMatchObject([
      {
        difference: 0.25,
        interval: expected?.interval,
        p: expected?.p,
        adjustedP: expected?.adjustedP,
        verdict: "better",
        discordant: { onlyBase: 0, onlyModel: 10 },
        minimumDetectableEffect: expected?.minimumDetectableEffect,
      },
    ]);
  });

  test("has the cost of each stage, and the machine that it ran on", () => {
    expect(view.costs.map(({ stage, kind }) => [stage, kind])).toEqual([
      ["before", "evaluate"],
      ["tune", "train"],
      ["after", "evaluate"],
    ]);
    const [before, tune] = view.costs;
    expect(before?.prompts?.positions).toBeGreaterThan(0);
    expect(tune?.training).toMatchObject({ steps: STEPS, text: 10 * STEPS, image: 5 * 333, flops: STEPS * 1e9 });
    for (const { machine } of view.costs) expect(machine).toMatch(/^\w+ \w+, \d+ × .+ GB, cpu, node v/);
  });

  test("has loss curves of at most 400 points that keep the lowest and the highest loss", () => {
    expect(view.curves.map(({ stage, source }) => [stage, source])).toEqual([
      ["tune", "all"],
      ["tune", "text"],
      ["tune", "image"],
    ]);
    const [all, text, image] = view.curves.map(({ points }) => points);
    expect([all?.length, text?.length, image?.length]).toEqual([400, 400, 333]);
    expect(Math.max(...(all ?? []).map(({ highest }) => highest))).toBe(99);
    expect(Math.min(...(all ?? []).map(({ lowest }) => lowest))).toBe(0.001);
    expect(all?.at(-1)?.step).toBe(STEPS);
    expect(image?.[0]).toEqual({ step: 3, loss: 4 - 3 / 500, lowest: 4 - 3 / 500, highest: 4 - 3 / 500 });
    expect(view.curves[0]).toMatchObject({ firstLoss: 4 - 1 / 500, lastLoss: 2 });
  });

  const divided = new URL("datasets/", root);
  beforeAll(() => smallRun(divided, { byDataset: true }));

  test("has a loss curve for each dataset of a mixture, where the run recorded them", async () => {
    const { curves, warnings } = await viewOf(divided, { answers: false });
    expect(warnings.filter(({ kind }) => kind === "not-recorded")).toEqual([]);
    expect(curves.map(({ source, dataset }) => [source, dataset])).toEqual([
      ["all", undefined],
      ["dataset", "scenes"],
      ["dataset", "words"],
    ]);
    expect(curves[1]).toMatchObject({ firstLoss: 3 - 3 / 500, points: { length: 333 } });
    expect(curves[2]).toMatchObject({ firstLoss: 5 - 1 / 500, lastLoss: 3, points: { length: 400 } });
  });

  test("has no loss curves of datasets that lack the first steps, and says so", async () => {
    // As when an earlier version of mlan took these steps.
    const resumed = await changedCopy(divided, "resumed", "metrics.jsonl", (text) =>
      text
        .split("\n")
        .map((line, index) => (index < 500 ? line.replace(/"sources":\{.*?\}\},/, "") : line))
        .join("\n"),
    );
    const { curves, warnings } = await viewOf(resumed, { answers: false });
    expect(curves.map(({ source }) => source)).toEqual(["all", "text", "image"]);
    expect(curves[0]).toMatchObject({ firstLoss: 4 - 1 / 500, points: { length: 400 } });
    expect(warnings).toContainEqual(
      expect.objectContaining({
        kind: "not-recorded",
        stage: "tune",
        text: expect.stringContaining("not divided by dataset"),
      }),
    );
  });

  test("says where data and weights come from, and how to run it again", () => {
    const { datasets, versions, seeds, plans, reproduce } = view.provenance;
    const [letters, mixed] = datasets;
    expect(letters).toMatchObject({ name: "letters", role: "benchmark", stages: ["before", "after"] });
    expect(letters?.sources).toMatchObject([{ name: "letters", card: { license: "CC0-1.0" } }]);
    expect(mixed).toMatchObject({ role: "training", stages: ["tune"], examples: { count: 8, withImages: 2 } });
    expect(mixed?.sources).toEqual(
      ["words", "scenes"].map((name, part) => ({
        name,
        card: {
          source: `https://example.org/${name}`,
          license: "CC0-1.0",
          citation: `The ${name}`,
          modality: part === 0 ? "text" : "image",
        },
      })),
    );
    expect(versions).toMatchObject({ node: [process.version] });
    expect(seeds).toEqual([42]);
    expect(plans).toMatchObject([{ run: "small", stages: [{ name: "before" }, { name: "tune" }, { name: "after" }] }]);
    expect(reproduce).toEqual(["mlan run small.ts"]);
  });

  test("repeats the notices and warnings of the run, and warns of unreadable answers", () => {
    expect(view.warnings.map(({ kind, text }) => [kind, text])).toEqual([
      ["notice", "the projector is new."],
      ["training", "tune: nothing is learned from words: a"],
      ["training", "tune: the learning rate is high"],
      ["wording", "The models were asked with different wordings: before as llama2-base, after as tuned."],
      ["unreadable-answers", expect.stringContaining("12.5 % of the answers of before to letters")],
    ]);
  });

  test("keeps the fields of its version", () => {
    // A field may be added. Without one of these, programs that read the JSON need to see another version.
    expect(view.version).toBe(2);
    const fields: Readonly<Record<string, readonly [object | undefined, string]>> = {
      runs: [view.runs[0], "created folder id name seed stages state"],
      models: [view.models[1], "base evaluations id isTuned label languageShare training wordings"],
      benchmarks: [view.benchmarks[0], "benchmark clusters guessing metric modality protocol questions"],
      guessing: [view.benchmarks[0]?.guessing, "accuracy kinds name"],
      results: [
        view.results[0],
        "benchmark evaluator extractor isAboveGuessing metrics model protocol protocolVersion questions unreadable verifications wording",
      ],
      metrics: [view.results[0]?.metrics[0], "interval name standardError value"],
      comparisons: [view.comparisons[0], "base benchmarks level means model notCompared resamples"],
      compared: [
        view.comparisons[0]?.benchmarks[0],
        "adjustedP baseAccuracy benchmark clusters difference differs discordant interval minimumDetectableEffect modelAccuracy p protocol questions standardError test verdict",
      ],
      costs: [view.costs[1], "kind machine run seconds stage training"],
      curves: [view.curves[0], "firstLoss lastLoss points run source stage steps"],
      provenance: [view.provenance, "datasets plans reproduce seeds versions weights"],
    };
    for (const [part, [found, names]] of Object.entries(fields))
      expect([part, ...Object.keys(found ?? {})]).toEqual(expect.arrayContaining([part, ...names.split(" ")]));
  });

  test("is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  test("leaves out what needs answers when they are not read", async () => {
    const { comparisons, benchmarks, results } = await viewOf(finished, { answers: false });
    expect(comparisons).toEqual([]);
    expect(benchmarks[0]).not.toHaveProperty("guessing");
    expect(results.map((result) => ({ ...result, isAboveGuessing: true }))).toEqual(view.results);
  });
});

describe("the view of several runs", () => {
  test("compares all with the first model, and names those that cannot be compared", async () => {
    const other = await smallRun(new URL("other/", root), { name: "other" });
    const fewer = await smallRun(new URL("fewer/", root), { name: "fewer", questions: 20 });
    const found = await viewOf([finished, other, fewer]);
    expect(found.name).toBe("small, other, fewer");
    expect(found.models.map(({ id, base }) => [id, base])).toEqual([
      ["small: before", undefined],
      ...["small: after", "other: before", "other: after", "fewer: before", "fewer: after"].map((id) => [
        id,
        "small: before",
      ]),
    ]);
    const byModel = new Map(found.comparisons.map((one) => [one.model, one]));
    expect(byModel.get("other: after")?.benchmarks).toMatchObject([{ difference: 0.25, verdict: "better" }]);
    expect(byModel.get("fewer: after")).toMatchObject({ benchmarks: [], notCompared: [{ benchmark: "letters" }] });
    expect(found.warnings).toContainEqual(expect.objectContaining({ kind: "not-comparable", benchmark: "letters" }));
  });

  test("pairs tuned models of the same backbone only", async () => {
    const weightsOf = async (name: string, content: string): Promise<URL> => {
      const weights = new URL(`${name}.weights`, root);
      await writeFile(weights, content);
      return weights;
    };
    const contents = { one: "a", same: "a", other: "b" };
    const folders: URL[] = [];
    for (const [name, content] of Object.entries(contents))
      folders.push(
        await smallRun(new URL(`${name}-weights/`, root), { name, weights: await weightsOf(name, content) }),
      );
    const { models, pairs, comparisons } = await viewOf(folders);
    const [one, same, other] = models.filter(({ isTuned }) => isTuned).map(({ backbone }) => backbone);
    expect(one).toMatch(/^model [\da-f]{8}$/);
    expect(same).toBe(one);
    expect(other).toMatch(/^model [\da-f]{8}$/);
    expect(other).not.toBe(one);
    expect(pairs.map(({ model, base, backbone }) => [model, base, backbone])).toEqual([
      ["one: after", "same: after", one],
    ]);
    expect(armLabels(models)("one: after")).toBe("one: after");
    expect(comparisons.map(({ model }) => model)).toContain("other: after");
    const alike = await viewOf(folders.slice(0, 2));
    expect(alike.pairs.map(({ model, base }) => [model, base])).toEqual([["one: after", "same: after"]]);
    for (const found of [...alike.models, ...alike.pairs]) expect(found).not.toHaveProperty("backbone");
  });

  test("names backbones by their plugins", async () => {
    const of = (name: string): Promise<URL> =>
      changedCopy(finished, name, "manifest.json", (text) => text.replaceAll("@mlan/testing/fake-model", name));
    const { models, pairs } = await viewOf([await of("model-llama2"), await of("model-vicuna")]);
    expect(models.map(({ backbone }) => backbone)).toEqual(["llama2", "llama2", "vicuna", "vicuna"]);
    expect(pairs).toEqual([]);
  });

  test("names runs of the same experiment by their folders", async () => {
    const copy = new URL("copy/", root);
    await cp(finished, copy, { recursive: true });
    const ids = (await viewOf([finished, copy])).runs.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
    expect(ids[1]).toMatch(/copy/);
  });
});

test("one of several runs need not be readable", async () => {
  const newer = await changedCopy(finished, "newer-beside", "manifest.json", (text) =>
    text.replace('"formatVersion": 2', '"formatVersion": 9'),
  );
  const found = await viewOf([finished, newer]);
  expect(found).toMatchObject({
    name: "small",
    runs: [{ id: "small" }, { state: "unreadable" }],
    provenance: { seeds: [42] },
  });
  expect(found.models.map(({ id }) => id)).toEqual(["small: before", "small: after"]);
  expect(found.warnings).toContainEqual(
    expect.objectContaining({
      kind: "unreadable-run",
      text: expect.stringContaining("was written by a newer version of mlan"),
    }),
  );
  await expect(viewOf([newer, new URL("nowhere/", root)])).rejects.toThrow(
    /newer version of mlan[^]*is not a run folder/,
  );
});
