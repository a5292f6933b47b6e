import type { DataRecord, Run, StageResult } from "@mlan/core";
import { type EvaluatedModel, type ResultView, viewOf } from "@mlan/run-view";
import { describe, expect, test } from "vitest";
import { averagesOf } from "../src/averages.ts";
import { seedSpread } from "../src/seed-spread.ts";

const result = (stage: string, benchmark: string, values: Partial<StageResult> = {}): StageResult => ({
  stage,
  benchmark,
  protocol: "strict",
  protocolVersion: 1,
  wording: "tuned",
  fingerprints: { questions: benchmark, prompts: "p", protocol: "r" },
  evaluator: "generation",
  extractor: { name: "strict", version: 1 },
  positions: { prompts: 10, computed: 10 },
  questions: 300,
  unreadable: 0,
  metrics: { accuracy: { value: 0.7, standardError: 0.03 } },
  seconds: 1,
  ...values,
});

/** Returns a run with these results, on benchmarks with these modalities. */
function runOf(results: readonly StageResult[], modalities: Readonly<Record<string, "text" | "image" | "mixed">>): Run {
  const data = Object.fromEntries(
    Object.entries(modalities).map(([name, modality]): [string, DataRecord] => {
      const card = { source: name, license: "MIT", modality };
      return [name, { fingerprint: name, images: { stamp: "", digest: "" }, sources: [{ name, card }] }];
    }),
  );
  const stages = [...new Set(results.map(({ stage }) => stage))];
  return {
    folder: new URL("file:///runs/one/"),
    manifest: {
      formatVersion: 2,
      plan: {
        name: "one",
        seed: 1,
        plugins: [],
        stages: stages.map((name) => ({ name, kind: "evaluate", settings: {} })),
      },
      versions: {},
      created: "2026-01-01T00:00:00.000Z",
      stages: Object.fromEntries(
        stages.map((name) => [name, { done: true, started: "2026-01-01T00:00:00.000Z", data }]),
      ),
    },
    metrics: [],
    ledger: [],
    results,
    damage: [],
  };
}

describe("averages", () => {
  const at = (stage: string, values: Readonly<Record<string, number>>): readonly StageResult[] =>
    Object.entries(values).map(([name, value]) =>
      result(stage, name, { metrics: { accuracy: { value, standardError: 0.03 } } }),
    );

  test("are over the benchmarks of a modality that all models were asked, with an interval over questions", async () => {
    const results = [
      ...at("base", { race: 0.2, boolq: 0.4, pope: 0.5, gqa: 0.3, ai2d: 0.1 }),
      ...at("tuned", { race: 0.6, boolq: 0.8, pope: 0.7, gqa: 0.5 }),
    ];
    const modalities = { race: "text", boolq: "text", pope: "image", gqa: "mixed", ai2d: "image" } as const;
    const { averages } = await viewOf(runOf(results, modalities), { answers: false });
    expect(averages.map(({ model, modality, benchmarks }) => [model, modality, benchmarks])).toEqual([
      ["base", "text", ["race", "boolq"]],
      ["tuned", "text", ["race", "boolq"]],
      ["base", "image", ["pope", "gqa"]],
      ["tuned", "image", ["pope", "gqa"]],
    ]);
    const [language] = averages;
    expect(language?.value).toBeCloseTo(0.3, 12);
    // Two independent standard errors of 0.03: sqrt(2) * 0.03 / 2, times 1.96.
    expect(language?.interval?.high).toBeCloseTo(0.3 + 1.959964 * Math.SQRT2 * 0.015, 6);
  });

  test("need two benchmarks and their modality", async () => {
    const results = at("base", { race: 0.2, boolq: 0.4 });
    const averagesFor = async (modalities: Parameters<typeof runOf>[1]) =>
      (await viewOf(runOf(results, modalities), { answers: false })).averages;
    expect(await averagesFor({ race: "text" })).toEqual([]);
    expect(await averagesFor({ race: "text", boolq: "image" })).toEqual([]);
  });
});

describe("warnings about results", () => {
  const warningsFor = async (...results: readonly StageResult[]) =>
    (await viewOf(runOf(results, { pope: "image" }), { answers: false })).warnings.map(
      ({ kind, text }) => `${kind}: ${text}`,
    );

  test("name many unreadable answers and truncated prompts, and are silent about few", async () => {
    const odd = result("tuned", "pope", { unreadable: 60, truncatedPrompts: 3 });
    expect(await warningsFor(odd)).toEqual([
      "unreadable-answers: 20.0 % of the answers of tuned to pope (strict) could not be read and count as wrong.",
      "truncated-prompts: 1.0 % of the prompts of tuned on pope (strict, 300 questions) were too long and were truncated.",
    ]);
    expect(await warningsFor(result("tuned", "pope", { unreadable: 3, truncatedPrompts: 0 }))).toEqual([]);
  });

  test("name models that were asked in other words, and benchmarks that changed", async () => {
    const changed = result("tuned", "pope", { fingerprints: { questions: "other", prompts: "p", protocol: "r" } });
    expect(await warningsFor(result("base", "pope"), changed)).toEqual([
      "not-comparable: Do not compare base and tuned on pope: its questions or prompts changed between these stages.",
    ]);
    expect(await warningsFor(result("base", "pope", { wording: "llama2-base" }), result("tuned", "pope"))).toEqual([
      "wording: The models were asked with different wordings: base as llama2-base, tuned as tuned.",
    ]);
  });
});

test("several benchmarks with unreadable answers are one warning per model", async () => {
  const results = ["pope", "gqa"].map((name) => result("tuned", name, { unreadable: 60 }));
  const { warnings } = await viewOf(runOf(results, {}), { answers: false });
  expect(warnings.filter(({ kind }) => kind === "unreadable-answers").map(({ text }) => text)).toEqual([
    "Answers of tuned (strict) that could not be read count as wrong: 20.0 % to pope, 20.0 % to gqa.",
  ]);
});

test("a number that is not finite is NaN, and null as JSON", async () => {
  const odd = result("tuned", "pope", { metrics: { accuracy: { value: NaN, standardError: NaN } } });
  const { results } = await viewOf(runOf([odd], {}), { answers: false });
  expect(results[0]?.metrics[0]?.value).toBeNaN();
  const written: readonly ResultView[] = JSON.parse(JSON.stringify(results));
  expect(written[0]?.metrics[0]?.value).toBeNull();
});

const ARM: EvaluatedModel = {
  id: "arm",
  label: "arm",
  evaluations: [],
  wordings: [],
  isTuned: false,
  training: { steps: 0, text: 0, image: 0, padding: 0, supervised: 0, flops: 0, seconds: 0 },
};

test("an average over seeds leaves out a seed that lacks a benchmark", () => {
  const spread = (values: readonly [number, number][]) => seedSpread(values.map(([seed, value]) => ({ seed, value })));
  const metricOf = (benchmark: string, values: readonly [number, number][]): ResultView => {
    const found = spread(values);
    const metric = { name: "accuracy", value: 0.5, ...(found && { overSeeds: found }) };
    const { protocol, protocolVersion, evaluator, wording, questions, unreadable } = result("test", benchmark);
    const known = { benchmark, protocol, protocolVersion, evaluator, wording, questions, unreadable };
    return { ...known, model: "arm", extractor: "strict@1", verifications: [], metrics: [metric] };
  };
  const all = [
    metricOf("race", [
      [1, 0.2],
      [2, 0.4],
      [3, 0.9],
    ]),
    metricOf("boolq", [
      [1, 0.4],
      [2, 0.6],
    ]),
  ];
  const asked = all.map(({ benchmark, protocol }) => ({
    benchmark,
    protocol,
    modality: "text" as const,
    metric: "accuracy",
    questions: 300,
  }));
  const [average] = averagesOf([ARM], asked, all);
  expect(average?.overSeeds?.values).toEqual([
    { seed: 1, value: expect.closeTo(0.3, 12) },
    { seed: 2, value: expect.closeTo(0.5, 12) },
  ]);
});
