import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Experiment } from "@mlan/core";
import { questionsOf, type View, viewOfStudy } from "@mlan/run-view";
import { clusterBootstrapMean } from "@mlan/statistics";
import { readStudy, runStudy, type Study, study } from "@mlan/study";
import { temporaryFolder } from "@mlan/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { smallExperiment } from "./small-run.ts";

const root = temporaryFolder();
const folder = new URL("study/", root);
const SEEDS = [1, 2, 3];
/** Whether a question is answered correctly, by arm and seed. The base answers only even questions correctly. */
const RIGHT: Readonly<Record<string, (question: number, seed: number) => boolean>> = {
  base: (question) => question % 4 === 0,
  language: (question, seed) => question % 4 !== seed % 4 || question % 4 === 0,
  vision: (question, seed) => question % 4 === 0 && question > 4 * seed,
};
const WITH_IMAGES: Readonly<Record<string, number>> = { base: 0, language: 2, vision: 6 };

/** A study whose runs are small experiments; one arm fails. */
function smallStudy(): Study {
  const arms = Object.fromEntries(Object.keys(WITH_IMAGES).map((arm) => [arm, arm]));
  const one = (arm: string, seed: number): Experiment =>
    smallExperiment({
      seed,
      // The seeds of one arm have different shares, around that of the second.
      withImages: (WITH_IMAGES[arm] ?? 0) + (arm === "language" ? seed - 2 : 0),
      isRight: (question) => RIGHT[arm]?.(question, seed) ?? false,
      ...(arm === "vision" && seed === 3 && { failsAt: 5 }),
    });
  const made = study({
    name: "shares",
    models: { small: one("base", 1).use.filter(({ token }) => token.name.includes("model")) },
    use: [],
    seeds: SEEDS,
    arms,
    base: "base",
    stages: (arm, { seed }) => one(arm, seed).stages,
  });
  // Each run has the model and trainer of its own experiment, which decide what is answered correctly.
  const runs = made.runs.map((run) => ({ ...run, experiment: { ...run.experiment, use: one(run.arm, run.seed).use } }));
  return { ...made, runs };
}

let view: View;
beforeAll(async () => {
  for await (const event of runStudy(smallStudy(), { folder })) void event;
  view = await viewOfStudy(await readStudy(folder));
});

describe("the view of a study", () => {
  test("has an arm per column, over all seeds that were evaluated, with its language share", () => {
    expect(view).toMatchObject({ kind: "study", name: "shares" });
    expect(view.models.map(({ id, arm, base, languageShare }) => ({ id, arm, base, languageShare }))).toEqual([
      { id: "base", arm: "base", base: undefined, languageShare: 1 },
      { id: "language", arm: "language", base: "base", languageShare: 0.75 },
      { id: "vision", arm: "vision", base: "base", languageShare: 0.25 },
    ]);
    expect(view.models.map(({ evaluations }) => evaluations.map(({ seed }) => seed))).toEqual([SEEDS, SEEDS, [1, 2]]);
  });

  test("keeps the interval over questions and the spread over seeds apart", () => {
    const language = view.results.find(({ model }) => model === "language")?.metrics[0];
    const questions = Array.from({ length: 40 }, (_, question) => question);
    const shares = questions.map((question) => SEEDS.filter((seed) => RIGHT["language"]?.(question, seed)).length / 3);
    const clusters = questions.map((question) => `${Math.floor(question / 2)}`);
    const expected = clusterBootstrapMean({ values: shares, clusters });
    expect(language?.value).toBeCloseTo(0.75, 12);
    expect(language?.standardError).toBeCloseTo(expected.standardError, 12);
    expect(language?.interval?.low).toBeCloseTo(expected.interval.low, 1);
    expect(language?.overSeeds).toMatchObject({ lowest: 0.75, highest: 0.75, standardDeviation: 0 });
    const vision = view.results.find(({ model }) => model === "vision")?.metrics[0];
    expect(vision?.overSeeds?.values).toMatchObject([
      { seed: 1, value: 8 / 40, interval: { level: 0.95 } },
      { seed: 2, value: 7 / 40, interval: { level: 0.95 } },
    ]);
    // Student's t with one degree of freedom: 12.706 standard errors of 1/80.
    expect(vision?.overSeeds?.interval.high).toBeCloseTo(0.1875 + 12.7062047 / 80, 6);
  });

  test("compares arms with the base on the same questions, averaged over seeds", () => {
    const [language, vision] = view.comparisons;
    expect(language).toMatchObject({ base: "base", model: "language", notCompared: [] });
    const [letters] = language?.benchmarks ?? [];
    expect(letters).toMatchObject({ questions: 40, clusters: 20, test: "paired-cluster-bootstrap", verdict: "better" });
    expect(letters?.difference).toBeCloseTo(0.5, 12);
    expect(letters?.overSeeds?.values.map(({ seed }) => seed)).toEqual(SEEDS);
    expect(letters).not.toHaveProperty("discordant");
    expect(vision?.benchmarks[0]).toMatchObject({ verdict: "no difference shown" });
    expect(vision?.benchmarks[0]?.difference).toBeCloseTo(0.1875 - 0.25, 12);
  });

  test("compares every two tuned arms, by descending language share, and the extremes lead", () => {
    // All arms of this study are tuned, the base too.
    expect(view.pairs.map(({ model, base, isLeading }) => [model, base, isLeading])).toEqual([
      ["base", "language", false],
      ["base", "vision", true],
      ["language", "vision", false],
    ]);
    const [, , pair] = view.pairs;
    const [letters] = pair?.benchmarks ?? [];
    // The third seed of vision failed.
    expect(letters?.overSeeds?.values.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(letters).toMatchObject({ verdict: "better", test: "paired-cluster-bootstrap", baseAccuracy: 0.1875 });
    expect(letters?.difference).toBeCloseTo(0.75 - 0.1875, 12);
    const [mean] = pair?.means ?? [];
    expect(mean).toMatchObject({ modality: "text", protocol: "strict", benchmarks: ["letters"] });
    expect(mean?.difference).toBeCloseTo(0.5625, 12);
    const half = 1.959964 * (letters?.standardError ?? NaN);
    expect(mean?.interval?.low).toBeCloseTo(0.5625 - half, 6);
    expect(mean?.overSeeds).toMatchObject({ values: letters?.overSeeds?.values });
  });

  test("has the same difference with opposite signs in both directions", () => {
    const [ofComparison] = view.comparisons[0]?.benchmarks ?? [];
    const [ofPair] = view.pairs[0]?.benchmarks ?? [];
    expect(ofComparison?.difference).toBeCloseTo(-(ofPair?.difference ?? NaN), 12);
    expect(ofComparison?.interval?.low).toBeCloseTo(-(ofPair?.interval?.high ?? NaN), 12);
    expect([ofComparison?.verdict, ofPair?.verdict]).toEqual(["better", "worse"]);
  });

  test("leads with the first arm and each other one where language shares are unknown", async () => {
    const record = await readStudy(folder);
    const begun = { ...record, base: "vision" };
    for (const run of begun.runs) {
      const place = new URL("manifest.json", run.folder);
      const manifest = JSON.parse(await readFile(place, "utf8"));
      for (const stage of Object.values<{ data?: unknown }>(manifest.stages)) delete stage.data;
      await mkdir(new URL(`../copies/${run.arm}-${run.seed}/`, folder), { recursive: true });
      await cp(run.folder, new URL(`../copies/${run.arm}-${run.seed}/`, folder), { recursive: true });
      await writeFile(new URL(`../copies/${run.arm}-${run.seed}/manifest.json`, folder), JSON.stringify(manifest));
    }
    const copies = begun.runs.map((run) => ({ ...run, folder: new URL(`../copies/${run.arm}-${run.seed}/`, folder) }));
    const found = await viewOfStudy({ ...begun, runs: copies });
    expect(found.pairs.map(({ model, base, isLeading }) => [model, base, isLeading])).toEqual([
      ["base", "language", true],
      ["base", "vision", true],
      ["language", "vision", false],
    ]);
    expect(found.pairs[0]?.means).toMatchObject([{ modality: "all", benchmarks: ["letters"] }]);
  });

  test("has no pairs with one tuned arm", async () => {
    const record = await readStudy(folder);
    const runs = record.runs.map((run) => (run.arm === "base" ? run : { ...run, state: "waiting" as const }));
    expect((await viewOfStudy({ ...record, runs })).pairs).toEqual([]);
  });

  test("has the answers of each seed, and none where a model has no run of the seed", async () => {
    const models = ["language", "vision"];
    for await (const { id, answers } of questionsOf(view, { benchmark: "letters", models, seeds: SEEDS })) {
      const question = Number(id.slice(1));
      const isRight = models.flatMap((model) =>
        SEEDS.map((seed) => (model === "vision" && seed === 3 ? undefined : RIGHT[model]?.(question, seed))),
      );
      expect(answers.map((one) => one?.correct)).toEqual(isRight);
    }
  });

  test("has the language-share curve in ascending order", () => {
    const [curve] = view.languageShares;
    expect(curve).toMatchObject({ benchmark: "letters", metric: "accuracy", isAverage: false, guessing: 0.5 });
    expect(curve?.points.map(({ share, model }) => [share, model])).toEqual([
      [0.25, "vision"],
      [0.75, "language"],
      [1, "base"],
    ]);
    expect(curve?.points[0]?.overSeeds?.values.length).toBe(2);
  });

  test("says which arm failed, and why", () => {
    expect(view.runs.filter(({ state }) => state === "failed")).toMatchObject([
      { id: "vision, seed 3", problem: expect.stringContaining("the trainer broke") },
    ]);
    expect(view.warnings).toContainEqual(
      expect.objectContaining({ kind: "failed", text: expect.stringContaining("vision, seed 3 failed: ") }),
    );
  });

  test("counts the cost of a stage that several runs share once, in one of them", () => {
    const shared = view.costs.filter(({ sharedFrom }) => sharedFrom !== undefined);
    expect(shared.map(({ stage }) => stage)).toEqual(Array.from({ length: 6 }, () => "before"));
    for (const { stage, sharedFrom } of shared) {
      const payer = view.costs.find((one) => one.run === sharedFrom && one.stage === stage);
      expect(payer).toBeDefined();
      expect(payer).not.toHaveProperty("sharedFrom");
    }
  });

  test("compares arms on the seeds that both have", async () => {
    const record = await readStudy(folder);
    const without = (left: (arm: string, seed: number) => boolean): Promise<View> =>
      viewOfStudy({
        ...record,
        runs: record.runs.map((run) => (left(run.arm, run.seed) ? { ...run, state: "waiting" as const } : run)),
      });
    const paired = await without((arm, seed) => arm === "base" && seed === 1);
    const [language] = paired.comparisons;
    expect(language?.benchmarks[0]?.overSeeds?.values.map(({ seed }) => seed)).toEqual([2, 3]);
    expect(language?.benchmarks[0]?.difference).toBeCloseTo(language?.benchmarks[0]?.overSeeds?.mean ?? NaN, 12);
    const begun = await without((arm) => arm === "language");
    expect(begun.comparisons.map(({ model }) => model)).toEqual(["vision"]);
    expect((await without((arm) => arm === "base")).comparisons).toEqual([]);
    const apart = await without((arm, seed) => (arm === "base") === (seed === 1));
    expect(apart.comparisons[0]).toMatchObject({
      benchmarks: [],
      notCompared: [{ benchmark: "letters", reason: "The two were evaluated with different seeds." }],
    });
  });

  test("does not compare an arm without the answers of a seed that has a result", async () => {
    const damaged = new URL("damaged/", root);
    await cp(folder, damaged, { recursive: true });
    const run = (await readStudy(damaged)).runs.find(({ arm, seed }) => arm === "language" && seed === 2);
    const answers = new URL("answers/", run?.folder);
    for (const name of await readdir(answers, { recursive: true }))
      if (name.endsWith(".jsonl")) await writeFile(new URL(name, answers), "{");
    const found = await viewOfStudy(await readStudy(damaged));
    expect(found.comparisons[0]).toMatchObject({
      model: "language",
      benchmarks: [],
      notCompared: [{ benchmark: "letters", reason: "The answers of language, seed 2, cannot be read." }],
    });
    const pairs = found.pairs.filter(({ model, base }) => model === "language" || base === "language");
    expect(pairs.map(({ benchmarks }) => benchmarks)).toEqual(pairs.map(() => []));
    expect(pairs.length).toBeGreaterThan(0);
  });

  test("has no results of a failed run whose folder contains other stages", async () => {
    const record = await readStudy(folder);
    const failed = { state: "failed", hasChanged: true, failure: { message: "no such file" } } as const;
    const runs = record.runs.map((run) => (run.arm === "language" && run.seed === 1 ? { ...run, ...failed } : run));
    const found = await viewOfStudy({ ...record, runs }, { answers: false });
    expect(found.models[1]?.evaluations.map(({ seed }) => seed)).toEqual([2, 3]);
    expect(found.runs[1]).toMatchObject({ state: "failed", problem: "no such file", stages: [] });
  });

  test("opens although run folders are damaged, gone or not started", async () => {
    const record = await readStudy(folder);
    const [first, second] = record.runs;
    if (!first || !second) throw new Error("the study has no runs");
    await writeFile(new URL("manifest.json", first.folder), "{");
    await rm(second.folder, { recursive: true });
    const found = await viewOfStudy(await readStudy(folder));
    expect(found.models.map(({ evaluations }) => evaluations.length)).toEqual([2, 2, 2]);
    expect(found.warnings.filter(({ kind }) => kind === "unfinished").map(({ text }) => text)).toEqual([
      "language, seed 1 has not started.",
    ]);
    expect(found.runs.find(({ id }) => id === "base, seed 1")?.state).toBe("unreadable");
    expect(found.warnings).toContainEqual(
      expect.objectContaining({
        kind: "unreadable-run",
        text: expect.stringMatching(/^base, seed 1 cannot be read: .*not JSON/),
      }),
    );
    await mkdir(second.folder, { recursive: true });
  });
});
