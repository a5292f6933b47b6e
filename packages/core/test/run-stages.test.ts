import { readFile, rm, writeFile } from "node:fs/promises";
import { evaluate, experiment, readRun, type RunEvent, runFolder, type StageEndEvent, train } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { bench, build, folder, letters, run, runUntil, weights, optionsOf, useScratchRuns } from "./scratch-run.ts";
import { RECIPE, type Told } from "./small-run.ts";

useScratchRuns();

describe("files of stages", () => {
  const names = ["after 1", "after-1", "after/1", "After-1", "con", "con.x", "..", "ä", "ü", "x".repeat(300), "a."];

  it("are other files for other names, on file systems without letter case too", () => {
    const files = runFolder(folder);
    const places = names.flatMap((name) => [files.checkpoints(name).href, files.answers("s", name).href]);
    expect(new Set(places.map((place) => place.toLowerCase())).size).toBe(places.length);
    for (const place of places) {
      expect(place.startsWith(folder.href)).toBe(true);
      expect(place.slice(folder.href.length)).toMatch(/^(checkpoints|answers)(\/[\w.+-]{1,100})+\/?$/);
      expect(place).not.toMatch(/\/(con|aux)(\.[^/]*)?\/|\.\/|\/\./i);
    }
  });

  it("are called as the stage where that is safe", () => {
    expect(runFolder(folder).answers("after-1", "pope_v2.1").href).toBe(
      `${folder.href}answers/after-1/pope_v2.1.jsonl`,
    );
  });

  it("tell two benchmarks of one name from each other by refusing them", () => {
    expect(() => evaluate({ name: "a", benchmarks: [bench, bench], protocol: "strict" })).toThrow(
      'two benchmarks are called "bench"',
    );
  });
});

describe("what an evaluator is told", () => {
  it("are the stage and the weights, which training changes", async () => {
    const seen: Told[] = [];
    await run(build({ seen }));
    expect(seen.map(({ stage }) => stage)).toEqual(["before", "after"]);
    expect(seen[0]?.weights).not.toBe(seen[1]?.weights);
    await rm(folder, { recursive: true });
    const again: Told[] = [];
    await run(build({ seen: again }));
    expect(again).toEqual(seen);
    await rm(folder, { recursive: true });
    await writeFile(weights, "other weights");
    await run(build({ seen: again }));
    expect(again[2]?.weights).not.toBe(seen[0]?.weights);
  });
});

describe("a stage that stops early", () => {
  it("is not done when the caller breaks, and goes on", async () => {
    await runUntil((event) => event.type === "stage-progress" && event.event.type === "checkpoint-saved");
    expect((await readRun(folder)).manifest.stages["tune"]).toMatchObject({ done: false });
    expect((await run()).at(-1)).toMatchObject({
      results: [{ stage: "before" }, { stage: "after", metrics: { accuracy: { value: 3 } } }],
    });
  });

  it("is not done when its trainer never told the end", async () => {
    await expect(run(build({ stopsAfter: 1 }))).rejects.toThrow('stage "tune" ended without "train-end"');
    expect((await readRun(folder)).manifest.stages["tune"]).toMatchObject({ done: false });
    expect((await run()).at(-1)).toMatchObject({ results: [{}, { metrics: { accuracy: { value: 3 } } }] });
  });

  it("is not done when a result of it is missing", async () => {
    await run();
    const file = new URL("results.json", folder);
    const results = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify(results.slice(0, 1)));
    const events = await run();
    expect(events.filter((event) => event.type === "stage-end").map(({ skipped }) => skipped)).toEqual([
      true,
      true,
      false,
    ]);
    expect(events.at(-1)).toMatchObject({ results: [{ stage: "before" }, { stage: "after" }] });
  });

  it("runs its stage again when a manifest says done and has no checkpoint", async () => {
    await run();
    const file = new URL("manifest.json", folder);
    const manifest = JSON.parse(await readFile(file, "utf8"));
    delete manifest.stages.tune.checkpoint;
    await writeFile(file, JSON.stringify(manifest));
    expect((await run()).filter((event) => event.type === "stage-end")[1]).toMatchObject({ skipped: false });
  });
});

describe("a resumed run", () => {
  it("says at a stage's end what all of it cost, also when it was done before", async () => {
    await expect(run(build({ diesAt: 3 }))).rejects.toThrow("killed");
    const whole = { ledger: { steps: 3, firstLoss: 3, lastLoss: 1, seconds: 1.5 } };
    const ends = (events: readonly RunEvent[]): readonly StageEndEvent[] =>
      events.flatMap((event) => (event.type === "stage-end" ? event : []));
    const [, resumed] = ends(await run());
    expect(resumed).toMatchObject({ skipped: false, ...whole });
    expect(resumed?.seconds).toBeGreaterThan(1); // the first two steps took half a second each
    expect(ends(await run())[1]).toEqual({ ...resumed, skipped: true });
  });

  it("may keep checkpoints at another pace", async () => {
    await expect(run(build({ diesAt: 2 }))).rejects.toThrow("killed");
    const [before, , after] = build().stages;
    const tune = train({ name: "tune", data: letters, recipe: { ...RECIPE, checkpointEvery: 50 } });
    const value = experiment({ ...optionsOf(build()), stages: [before, tune, after].flatMap((stage) => stage ?? []) });
    expect((await run(value)).at(-1)).toMatchObject({ results: [{}, { metrics: { accuracy: { value: 3 } } }] });
  });
});
