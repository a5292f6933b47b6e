import { appendFile, readFile, rm, symlink, writeFile } from "node:fs/promises";
import {
  evaluate,
  experiment,
  MlanError,
  readRun,
  type RunEvent,
  runFolder,
  type Stage,
  type StageResult,
  train,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { bench, build, folder, letters, run, runUntil, useScratchRuns } from "./scratch-run.ts";
import { addingTrainer, RECIPE, type Told, weightEvaluator } from "./small-run.ts";

useScratchRuns();

const skipped = (events: readonly RunEvent[]): Readonly<Record<string, boolean>> =>
  Object.fromEntries(events.flatMap((event) => (event.type === "stage-end" ? [[event.stage, event.skipped]] : [])));
const accuracies = (results: readonly StageResult[]): readonly (readonly [string, number | undefined])[] =>
  results.map(({ stage, metrics }) => [stage, metrics["accuracy"]?.value] as const);
const RESULTS = [
  ["before", 0],
  ["after", 3],
] as const;
const answers = (stage: string): URL => runFolder(folder).answers(stage, "bench");
const results = (): URL => new URL("results.json", folder);

async function edit(file: URL, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, "utf8")));
}

describe("an evaluation that is done", () => {
  // prettier-ignore
  it.each<[string, () => Promise<void>, readonly string[], readonly string[]]>([
    ["whose answers were removed",         () => rm(answers("before")),                    ["before"],          ["before"]],
    ["whose later answers were removed",   () => rm(answers("after")),                     ["after"],           ["after"]],
    ["whose answers were edited",          () => appendFile(answers("before"), "x"),       ["before"],          ["before"]],
    ["whose result was edited",            () => edit(results(), (text) => text.replace(/"value": 3/, '"value": 0.9')), ["after"], []],
    ["whose results were removed",         () => rm(results()),                            ["before", "after"], []],
    ["whose results are no JSON any more", () => writeFile(results(), "[{"),               ["before", "after"], []],
    ["whose results are of another kind",  () => writeFile(results(), "{}"),               ["before", "after"], []],
    ["which nobody touched",               async () => {},                                 [],                  []],
  ])("%s is recreated, by the weights of its stage, and nothing else", async (_, damage, again, asked) => {
    await run();
    await damage();
    const seen: Told[] = [];
    const events = await run(build({ seen }));
    expect(skipped(events)).toEqual(
      Object.fromEntries(["before", "tune", "after"].map((stage) => [stage, !again.includes(stage)])),
    );
    expect(seen.map(({ stage }) => stage)).toEqual(again);
    expect(seen.flatMap((told) => (told.asked ? told.stage : []))).toEqual(asked);
    const [end, kept] = [events.at(-1), await readRun(folder)];
    expect(end?.type === "run-end" && accuracies(end.results)).toEqual(RESULTS);
    expect(accuracies(kept.results)).toEqual(RESULTS);
  });

  it("loses a result that no stage has", async () => {
    await run();
    await edit(results(), (text) => text.replace('"stage": "after"', '"stage": "elsewhere"'));
    await run();
    expect(accuracies((await readRun(folder)).results)).toEqual(RESULTS);
  });

  it("needs results that can be read, where the file system refuses them", async () => {
    await run();
    await rm(results());
    await runFolder(new URL("results.json/", folder)).writeLedger([]);
    await expect(run()).rejects.toThrow(
      /results\.json cannot be read: it is a folder, where a file is needed\. Move it away\.$/,
    );
  });

  it("by weights that are no longer those before it is refused", async () => {
    await run();
    await rm(answers("after"));
    await edit(new URL("manifest.json", folder), (text) => {
      const manifest = JSON.parse(text);
      manifest.stages.after.weights = "others";
      return JSON.stringify(manifest);
    });
    await expect(run()).rejects.toThrow(
      'stage "after" began with different weights than the stages before it have now produced',
    );
  });
});

it("of an evaluation that was killed, the benchmarks that were finished are not asked again", async () => {
  const seen: Told[] = [];
  const build2 = (): ReturnType<typeof experiment> =>
    experiment({
      name: "two",
      use: [fakeModelPlugin(), weightEvaluator(seen)],
      stages: [evaluate({ name: "ask", benchmarks: [bench, memoryBenchmark("other", [])], protocol: "strict" })],
    });
  await runUntil((event) => event.type === "stage-progress" && event.event.type === "evaluate-end", build2());
  const events = await run(build2());
  expect(seen.map(({ benchmark }) => benchmark)).toEqual(["bench", "other"]);
  expect(events.at(-1)).toMatchObject({ results: [{ benchmark: "bench" }, { benchmark: "other" }] });
  expect(events.find((event) => event.type === "stage-end")).toMatchObject({ skipped: false });
});

describe("a checkpoint of a training that is done", () => {
  const checkpoint = (stage: string): URL => runFolder(folder).checkpoints(stage);

  it("and is missing is an error with the remedy, though nothing is left to do", async () => {
    await run();
    await rm(checkpoint("tune"), { recursive: true });
    await expect(run()).rejects.toThrow(
      /the checkpoint of stage "tune", .*, is missing\. Restore it, or run in a different folder/,
    );
    await expect(run()).rejects.toSatisfy((error) => MlanError.is(error, "run-folder"));
  });

  it.each(["checksums.json", "steps"])("and lacks %s is refused by the name of that file", async (name) => {
    await run();
    await rm(new URL(`step-3/${name}`, checkpoint("tune")));
    await expect(run()).rejects.toThrow(
      new RegExp(`the checkpoint of stage "tune", .*step-3/, lacks its file .*step-3/${name}\\. Restore it`),
    );
  });

  it.skipIf(process.platform === "win32")("and cannot be read is another error", async () => {
    await run();
    const list = new URL("step-3/checksums.json", checkpoint("tune"));
    await rm(list);
    await symlink("checksums.json", list); // to itself; a folder without permission would not stop root
    await expect(run()).rejects.toThrow(
      /checksums\.json cannot be read: it is a link that leads back to itself\. Replace it with the file\.$/,
    );
    await expect(run()).rejects.toSatisfy((error) => MlanError.is(error, "unavailable"));
  });

  const ask = (name: string): Stage => evaluate({ name, benchmarks: [bench], protocol: "strict" });
  const learn = (name: string): Stage => train({ name, data: letters, recipe: RECIPE });
  const use = [fakeModelPlugin(), addingTrainer(), weightEvaluator()];

  it("is where the stages after it begin, each by its own", async () => {
    const stages = [learn("first"), ask("between"), learn("second"), ask("after")];
    const two = experiment({ name: "two", use, stages });
    await run(two);
    await rm(answers("between"));
    await rm(answers("after"));
    expect((await run(two)).at(-1)).toMatchObject({
      results: [{ metrics: { accuracy: { value: 3 } } }, { metrics: { accuracy: { value: 6 } } }],
    });
  });

  it("may be missing when nothing starts from it", async () => {
    const two = experiment({ name: "two", use, stages: [learn("first"), learn("second"), ask("after")] });
    await run(two);
    await rm(checkpoint("first"), { recursive: true });
    await rm(answers("after"));
    expect((await run(two)).at(-1)).toMatchObject({ results: [{ metrics: { accuracy: { value: 6 } } }] });
  });
});

describe("what asking has cost", () => {
  const unknown = { positions: { prompts: NaN, computed: NaN }, seconds: NaN };
  const asked = { positions: { prompts: 10, computed: 10 }, seconds: 1 };

  // prettier-ignore
  it.each<[string, () => Promise<void>, object]>([
    ["is kept where only the answers were edited",           () => appendFile(answers("before"), "\n"), asked],
    ["is measured where all is asked again",                 () => rm(answers("before")),               asked],
    ["is unknown where the result was lost",                 () => rm(results()),                       unknown],
    ["is unknown where the result was edited",               () => edit(results(), (text) => text.replace('"prompts": 10', '"prompts": 11')), unknown],
  ])("%s", async (_, damage, cost) => {
    await run();
    await edit(new URL("manifest.json", folder), (text) => {
      const manifest = JSON.parse(text);
      manifest.stages.before.seconds = 1000;
      return JSON.stringify(manifest);
    });
    await damage();
    const end = (await run()).at(-1);
    expect(end).toMatchObject({ results: [cost, {}] });
    const kept = await readRun(folder);
    expect(kept.results[0]).toMatchObject(cost);
    expect(kept.damage).toEqual([]);
    expect(kept.manifest.stages["before"]?.seconds).toBeGreaterThan(1000);
  });
});

describe("what is not as the run wrote it", () => {
  const file = (name: string): URL => new URL(name, folder);
  const ledgerEdited = "ledger.json was edited or damaged: the cost of tune";
  const stepsEdited =
    "metrics.jsonl was edited or damaged: the steps of tune. It cannot be recreated; costs and results do not depend on it";

  // prettier-ignore
  it.each<[string, () => Promise<void>, readonly string[]]>([
    ["nothing",                  async () => {},                                                        []],
    ["answers that were edited", () => appendFile(answers("after"), "x"),                               ["the answers to bench at after were edited or damaged: answers/after/bench.jsonl"]],
    ["answers that are missing", () => rm(answers("before")),                                           ["the answers to bench at before are missing: answers/before/bench.jsonl"]],
    ["an edited result",         () => edit(results(), (text) => text.replace(/"value": 3/, '"value": 9')), ["results.json was edited or damaged: the result of bench at after"]],
    ["lost results",             () => rm(results()),                                                   ["results.json was edited or damaged: the result of bench at before, bench at after"]],
    ["an invented result",       () => edit(results(), (text) => text.replace("]\n", `,{"stage":"x","benchmark":"y"}]`)), ["results.json was edited or damaged: the result of y at x"]],
    ["an edited cost",           () => edit(file("ledger.json"), (text) => text.replace('"flops": 300', '"flops": 3')), [ledgerEdited]],
    ["lost costs",               () => rm(file("ledger.json")),                                         [ledgerEdited]],
    ["lost steps",               () => rm(file("metrics.jsonl")),                                       [stepsEdited]],
    ["an edited step",           () => edit(file("metrics.jsonl"), (text) => text.replace('"loss":1', '"loss":0')), [stepsEdited]],
  ])("is said by readRun, and by the run that makes it anew: %s", async (_, damage, problems) => {
    await run();
    await damage();
    expect((await readRun(folder)).damage.map(({ problem }) => problem)).toEqual(problems);
    const told = (await run()).flatMap((event) => (event.type === "damage" ? [event.damage.problem] : []));
    expect(told).toEqual(problems);
    const left = (await readRun(folder)).damage;
    expect(left.filter(({ isRepairable }) => isRepairable)).toEqual([]);
    expect(left.map(({ problem }) => problem)).toEqual(problems.filter((problem) => problem === stepsEdited));
  });

  it("is not looked for in what a fresh run replaces, nor in a run under way", async () => {
    await runUntil((event) => event.type === "stage-end" && event.stage === "tune");
    expect((await readRun(folder)).damage).toEqual([]);
    await rm(answers("before"));
    const events = await run(build(), { fresh: true });
    expect(events.filter(({ type }) => type === "damage")).toEqual([]);
  });
});
