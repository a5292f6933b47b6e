import { appendFile, cp, readFile, rm, stat, writeFile } from "node:fs/promises";
import {
  type Conversation,
  defineDataset,
  evaluate,
  experiment,
  type Experiment,
  type LedgerEntry,
  readRun,
  type RunEvent,
  runFolder,
  type StageResult,
  type StepMetrics,
  train,
} from "@mlan/core";
import { memoryDataset } from "@mlan/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { copyFolder } from "#internal/files/copy-folder.ts";
import { bench, build, folder, letters, optionsOf, run, useScratchRuns, weights } from "./scratch-run.ts";
import { addingTrainer, RECIPE, type Told, weightEvaluator } from "./small-run.ts";

useScratchRuns();

let other: URL;
beforeEach(() => {
  other = new URL("../other/", folder);
});

/** The outcome of each stage: "copied", "skipped" or "run". */
const outcomes = (events: readonly RunEvent[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    events.flatMap((event) => {
      if (event.type !== "stage-end") return [];
      return [[event.stage, event.copiedFrom ? "copied" : event.skipped ? "skipped" : "run"]];
    }),
  );
const COPIED = { before: "copied", tune: "copied", after: "copied" };
const RUN = { before: "run", tune: "run", after: "run" };
const contentOf = async (
  place: URL,
): Promise<readonly [readonly StageResult[], readonly LedgerEntry[], readonly StepMetrics[]]> => {
  const { results, ledger, metrics, damage } = await readRun(place);
  expect(damage).toEqual([]);
  return [results, ledger, metrics];
};
const checkpoint = (place: URL, file = ""): URL => new URL(`step-3/${file}`, runFolder(place).checkpoints("tune"));
const changed = (change: Partial<Parameters<typeof experiment>[0]>): Experiment =>
  experiment({ ...optionsOf(build()), ...change });
const tuned = (recipe: Partial<typeof RECIPE>): Experiment => {
  const [before, , after] = build().stages;
  const tune = train({ name: "tune", data: letters, recipe: { ...RECIPE, ...recipe } });
  return changed({ stages: [before, tune, after].flatMap((stage) => stage ?? []) });
};

describe("finished stages of another run", () => {
  it("are copied with their checkpoints, steps, costs, results and answers, and not run", async () => {
    await run();
    const seen: Told[] = [];
    const events = await run(build({ seen, diesAt: 1 }), { folder: other, reuse: [folder] });
    expect(outcomes(events)).toEqual(COPIED);
    expect(seen).toEqual([]);
    expect(await contentOf(other)).toEqual(await contentOf(folder));
    const { manifest } = await readRun(other);
    expect(Object.values(manifest.stages).map(({ copiedFrom }) => copiedFrom)).toEqual([
      "../run/",
      "../run/",
      "../run/",
    ]);
    for (const file of ["fake-model.json", "checksums.json"])
      expect(await readFile(checkpoint(other, file))).toEqual(await readFile(checkpoint(folder, file)));
    // A copy names the run that did the work.
    const third = new URL("../third/", folder);
    const again = await run(build({ diesAt: 1 }), { folder: third, reuse: [other] });
    expect(again.flatMap((event) => (event.type === "stage-end" ? String(event.copiedFrom) : []))[1]).toBe(folder.href);
    expect(outcomes(await run(build({ diesAt: 1 }), { folder: other }))).toEqual(COPIED);
  });

  it("are copied up to the first that differs, and the rest is the same as without them", async () => {
    await run();
    const value = tuned({ learningRate: 0.2 });
    const events = await run(value, { folder: other, reuse: [folder] });
    expect(outcomes(events)).toEqual({ ...RUN, before: "copied" });
    const third = new URL("../third/", folder);
    await run(value, { folder: third });
    expect(await readFile(checkpoint(other, "fake-model.json"))).toEqual(
      await readFile(checkpoint(third, "fake-model.json")),
    );
    const weightsOf = async (place: URL): Promise<unknown> => (await readRun(place)).manifest.stages["after"]?.weights;
    expect(await weightsOf(other)).toBe(await weightsOf(third));
  });

  // prettier-ignore
  it.each<[string, () => Promise<Experiment>, Readonly<Record<string, string>>]>([
    ["of another seed",         async () => changed({ seed: 2 }),                                     RUN],
    ["of other plugins",        async () => changed({ use: [...build().use.slice(0, 1), { ...addingTrainer(), settings: { precision: 16 } }, weightEvaluator()] }), RUN],
    ["of other weights",        async () => { await writeFile(weights, "other weights"); return build(); }, RUN],
    ["on other rows",           async () => build({ data: memoryDataset("letters", [{ id: "0", turns: [{ role: "user", text: "a" }, { role: "assistant", text: "c" }], images: [] }]) }), { ...RUN, before: "copied" }],
    ["of another name",         async () => changed({ stages: [evaluate({ name: "first", benchmarks: [bench] })] }), { first: "run" }],
    ["of another experiment",   async () => changed({ name: "other" }),                                COPIED],
  ])("%s are copied only if they have the same outcome", async (_, make, expected) => {
    await run();
    expect(outcomes(await run(await make(), { folder: other, reuse: [folder] }))).toEqual(expected);
  });

  // prettier-ignore
  it.each<[string, () => Promise<unknown>, Readonly<Record<string, string>>]>([
    ["answers were edited",            () => appendFile(runFolder(folder).answers("before", "bench"), "x"), { ...COPIED, before: "run" }],
    ["results were removed",           () => rm(new URL("results.json", folder)),             { before: "run", tune: "copied", after: "run" }],
    ["checkpoint lacks a file",        () => rm(checkpoint(folder, "fake-model.json")),       { ...RUN, before: "copied" }],
    ["checksums were edited",          () => appendFile(checkpoint(folder, "checksums.json"), " "), { ...RUN, before: "copied" }],
    ["manifest is damaged",            () => writeFile(new URL("manifest.json", folder), "{"), RUN],
    ["folder does not exist",          () => rm(folder, { recursive: true }),                 RUN],
  ])("are left to the run whose %s", async (_, damage, expected) => {
    await run();
    await damage();
    expect(outcomes(await run(build(), { folder: other, reuse: [folder] }))).toEqual(expected);
    await contentOf(other);
  });

  it("are not copied from a damaged checkpoint, but from the next that is whole", async () => {
    await run();
    const third = new URL("../third/", folder);
    await run(build(), { folder: third });
    await writeFile(checkpoint(folder, "fake-model.json"), "{}");
    const alone = await run(build(), { folder: other, reuse: [folder] });
    expect(outcomes(alone)).toMatchObject({ before: "copied", tune: "run" });
    await rm(other, { recursive: true });
    expect(outcomes(await run(build({ diesAt: 1 }), { folder: other, reuse: [folder, third] }))).toEqual(COPIED);
    expect(await contentOf(other)).toEqual(await contentOf(third));
  });

  it("whose steps were edited are restored from the checkpoint", async () => {
    await run(build({ tellsHistory: true }));
    const wanted = await contentOf(folder);
    await writeFile(new URL("metrics.jsonl", folder), "");
    const events = await run(build({ tellsHistory: true, diesAt: 1 }), { folder: other, reuse: [folder] });
    expect(outcomes(events)).toMatchObject({ before: "copied", tune: "run" });
    expect((await contentOf(other))[2]).toEqual(wanted[2]);
  });

  it("are copied again when a process died while it copied", async () => {
    await run();
    await expect(run(build({ diesAt: 1 }), { folder: other })).rejects.toThrow("killed");
    await cp(checkpoint(folder), checkpoint(other), { recursive: true });
    await rm(checkpoint(other, "fake-model.json"));
    await cp(checkpoint(folder), new URL("step-3.1.0-0.tmp/", runFolder(other).checkpoints("tune")), {
      recursive: true,
    });
    expect(outcomes(await run(build({ diesAt: 1 }), { folder: other, reuse: [folder] }))).toEqual({
      before: "skipped",
      tune: "copied",
      after: "copied",
    });
    expect(await contentOf(other)).toEqual(await contentOf(folder));
  });

  it("never lie outside of the run folder", async () => {
    await run();
    const file = new URL("manifest.json", folder);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll("checkpoints/tune/step-3/", "checkpoints/tune/../../../elsewhere/"));
    expect(outcomes(await run(build(), { folder: other, reuse: [folder] }))).toMatchObject({ tune: "run" });
  });
});

describe("a run that is replaced if it has changed", () => {
  const replacing = { fresh: "if-changed" } as const;

  it("is continued when it has not", async () => {
    await expect(run(build({ diesAt: 2 }))).rejects.toThrow("killed");
    expect(outcomes(await run(build(), replacing))).toEqual({ ...RUN, before: "skipped" });
    expect(outcomes(await run(build(), replacing))).toEqual({ before: "skipped", tune: "skipped", after: "skipped" });
  });

  it("keeps the stages that have not, as its own", async () => {
    await run();
    const events = await run(tuned({ learningRate: 0.2 }), replacing);
    expect(outcomes(events)).toEqual({ ...RUN, before: "skipped" });
    expect((await readRun(folder)).manifest.stages["before"]).not.toHaveProperty("copiedFrom");
    await contentOf(folder);
  });

  it("begins again with other weights", async () => {
    await run();
    await writeFile(weights, "other weights");
    expect(outcomes(await run(build(), replacing))).toEqual(RUN);
    expect(outcomes(await run(build(), replacing))).toEqual({ before: "skipped", tune: "skipped", after: "skipped" });
  });

  it("is not replaced when the new one cannot start, or when its checkpoint is damaged", async () => {
    await run();
    const before = await contentOf(folder);
    const broken = defineDataset<Conversation, Conversation>({
      name: "letters",
      rows: () => Promise.reject(new Error("no such file")),
      toExample: (row) => row,
    });
    await expect(run(build({ data: broken }), replacing)).rejects.toThrow("letters");
    expect(await contentOf(folder)).toEqual(before);
    await appendFile(checkpoint(folder, "checksums.json"), " ");
    await expect(run(build(), replacing)).rejects.toThrow("is not the one that the stage ended with");
  });

  it("copies nothing of it when it is replaced in any case", async () => {
    await run();
    expect(outcomes(await run(build(), { fresh: true }))).toEqual(RUN);
  });
});

describe("a folder", () => {
  it("is copied by links to its large files and copies of the small ones", async () => {
    const from = new URL("../from/", folder);
    await runFolder(from).writeLedger([]);
    await writeFile(new URL("large", from), new Uint8Array(2 ** 20));
    const to = new URL("../to/", folder);
    await runFolder(to).writeResults([]);
    await copyFolder(from, to);
    const linksOf = async (name: string): Promise<number> => (await stat(new URL(name, to))).nlink;
    expect([await linksOf("large"), await linksOf("ledger.json")]).toEqual([2, 1]);
  });
});
