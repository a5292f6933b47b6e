import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { type Conversation, defineDataset, evaluate, readRun, runFolder, type Stage } from "@mlan/core";
import { readStudy } from "@mlan/study";
import { alphabetConversations, memoryBenchmark, memoryDataset } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import type { Told } from "../../core/test/small-run.ts";
import {
  align,
  ARMS,
  build,
  endsOf,
  folder,
  letters,
  placeOf,
  run,
  states,
  stepsIn,
  test,
  tune,
  useScratchStudies,
} from "./small-study.ts";

useScratchStudies();

const weightsOf = (arm: string): Promise<string> =>
  readFile(new URL("step-3/fake-model.json", runFolder(placeOf(arm)).checkpoints("tune")), "utf8");
const unreadable = defineDataset<Conversation, Conversation>({
  name: "unreadable",
  rows: () => Promise.reject(new Error("no such file")),
  toExample: (row) => row,
});
const boom: Stage = {
  ...evaluate({ name: "boom", benchmarks: [memoryBenchmark("bench", [])] }),
  // oxlint-disable-next-line require-yield
  async *run() {
    throw new Error("the lamp is out");
  },
};

describe("a study", () => {
  it("runs the stages that arms share once, and leaves an ordinary run of each arm", async () => {
    const seen: Told[] = [];
    const events = await run(build({ seen }));
    expect(stepsIn(events)).toEqual({ align: 3, tune: 6 });
    expect(Object.values(endsOf(events))).toEqual(["done", "done", "done", "done"]);
    expect(seen.map(({ stage }) => stage)).toEqual(["test", "test", "test"]);
    for (const arm of ["base", "language", "vision"]) {
      const { manifest, results, ledger, damage } = await readRun(placeOf(arm));
      expect(damage).toEqual([]);
      expect(results.map(({ stage }) => stage)).toEqual(["test"]);
      expect(ledger.map(({ stage }) => stage)).toEqual(arm === "base" ? ["align"] : ["align", "tune"]);
      expect(manifest.stages["align"]?.copiedFrom).toMatch(/^\.\.\/\.\.\/\.\.\/shared\/small-seed-1-[\da-f]{12}\/$/);
      expect(manifest.stages["tune"]?.copiedFrom).toBeUndefined();
    }
  });

  it("ends with the weights of a run that shares nothing", async () => {
    await run();
    const shared = await weightsOf("language");
    await rm(folder, { recursive: true });
    await run(build({ arms: { language: ARMS["language"] ?? [] } }));
    expect((await readRun(placeOf("language"))).manifest.stages["align"]).not.toHaveProperty("copiedFrom");
    expect(await weightsOf("language")).toBe(shared);
  });

  it("trains again for another model and another seed", async () => {
    const events = await run(build({ seeds: [1, 2], models: ["small", "other"] }));
    expect(stepsIn(events)).toEqual({ align: 12, tune: 24 });
    expect((await readStudy(folder)).runs).toHaveLength(12);
    expect((await readRun(placeOf("base", 2, "other"))).manifest.plan).toMatchObject({
      seed: 2,
      name: "letters-other-base",
    });
  });

  it("shares the beginning that some arms have in common, and no more", async () => {
    const longer = evaluate({ name: "middle", benchmarks: [memoryBenchmark("bench", [])] });
    const arms = {
      base: [align, test],
      first: [align, longer, tune(letters("a")), test],
      second: [align, longer, tune(letters("b")), test],
    };
    const seen: Told[] = [];
    const events = await run(build({ arms, seen }));
    expect(stepsIn(events)).toEqual({ align: 3, tune: 6 });
    expect(seen.map(({ stage }) => stage)).toEqual(["test", "middle", "test", "test"]);
    expect(Object.keys(endsOf(events))).toEqual([
      "align, small, seed 1",
      "base, small, seed 1",
      "align and middle, small, seed 1",
      "first, small, seed 1",
      "second, small, seed 1",
    ]);
  });

  it("does not share stages of equal names on different rows", async () => {
    const other = memoryDataset("captions", alphabetConversations(4));
    const events = await run(build({ arms: { base: [align, test], other: [{ ...align, data: other }, test] } }));
    expect(stepsIn(events)).toEqual({ align: 6 });
  });

  it("runs nothing again", async () => {
    await run();
    const seen: Told[] = [];
    const events = await run(build({ seen, diesAt: 1 }));
    expect([stepsIn(events), seen]).toEqual([{}, []]);
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });

  it("runs only what has changed", async () => {
    await run();
    const before = await weightsOf("vision");
    const arms = { ...ARMS, language: [align, tune(letters("language"), { learningRate: 0.2 }), test] };
    expect(stepsIn(await run(build({ arms })))).toEqual({ tune: 3 });
    expect(await weightsOf("vision")).toBe(before);
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });

  it("keeps what an arm did alone when only its end has changed", async () => {
    const alone = { language: [align, tune(letters("language")), test] };
    await run(build({ arms: alone }));
    const again = { language: [align, tune(letters("language"), { learningRate: 0.2 }), test] };
    expect(stepsIn(await run(build({ arms: again })))).toEqual({ tune: 3 });
  });

  it("trains nothing again for an arm with another name", async () => {
    await run();
    const { vision: stages = [], ...others } = ARMS;
    const seen: Told[] = [];
    const events = await run(build({ arms: { ...others, images: stages }, seen }));
    expect([stepsIn(events), seen]).toEqual([{}, []]);
    expect(await states()).toEqual({ base: "done", language: "done", images: "done" });
  });

  it("records the command", async () => {
    await run(build(), { command: "mlan run study.ts", only: { arms: ["base"] } });
    expect((await readRun(placeOf("base"))).manifest.stages["test"]).toMatchObject({ command: "mlan run study.ts" });
  });

  it("runs the selected arms alone, and later the rest", async () => {
    expect(stepsIn(await run(build(), { only: { arms: ["vision"] } }))).toEqual({ align: 3, tune: 3 });
    expect(await states()).toEqual({ base: "waiting", language: "waiting", vision: "done" });
    expect(stepsIn(await run())).toEqual({ tune: 3 });
  });

  // prettier-ignore
  it.each<[string, object, string]>([
    ["arm",   { arms: ["mlan"] },  'there is no arm "mlan". Use one of: base, language, vision.'],
    ["model", { models: ["x"] },   'there is no model "x". Use one of: small.'],
    ["seed",  { seeds: [7] },      "there is no seed 7. Use one of: 1."],
  ])("has no %s of another name", async (_, only, message) => {
    await expect(run(build(), { only })).rejects.toThrow(message);
  });
});

describe("a failed run", () => {
  it("is recorded, does not stop the others, and is tried again", async () => {
    const events = await run(build({ arms: { broken: [align, boom, test], ...ARMS } }));
    expect(stepsIn(events)).toEqual({ align: 3, tune: 6 });
    expect(await states()).toEqual({ broken: "failed", base: "done", language: "done", vision: "done" });
    const [broken] = (await readStudy(folder)).runs;
    expect(broken?.failure).toMatchObject({ message: "the lamp is out", stage: "boom" });
    expect(broken?.stages.map(({ done }) => done)).toEqual([true, false, false]);
    const again = await run(build({ arms: { broken: [align, test], ...ARMS } }));
    expect(stepsIn(again)).toEqual({});
    expect(await states()).toMatchObject({ broken: "done" });
    expect((await readStudy(folder)).runs[0]).not.toHaveProperty("failure");
  });

  it.each([
    ["of one arm", "small/language", { base: "done", language: "failed", vision: "done" }],
    ["of shared stages", "shared", { base: "failed", language: "failed", vision: "failed" }],
  ])("is reported when a file has the place of a folder %s, so that it cannot be recorded", async (_, place, ends) => {
    await mkdir(new URL("./", new URL(place, folder)), { recursive: true });
    await writeFile(new URL(place, folder), "a file of the user");
    const found = new Map<string, string | undefined>();
    for (const event of await run()) {
      if (event.type !== "task-end" || event.task.kind !== "run") continue;
      found.set(event.task.runs[0]?.arm ?? "", event.state);
      if (event.state !== "failed") continue;
      expect(event.failure?.message).toContain(`${place} is a file, where a folder is needed. Move it away`);
    }
    expect(Object.fromEntries(found)).toEqual(ends);
  });

  it("does not pass on what its folder contains from stages that have changed", async () => {
    await run();
    await run(build({ arms: { ...ARMS, vision: [align, tune(unreadable), test] } }));
    const found = (await readStudy(folder)).runs.find(({ arm }) => arm === "vision");
    expect(found).toMatchObject({ state: "failed", hasChanged: true });
    expect(found?.stages.map(({ done }) => done)).toEqual([false, false, false]);
    expect((await readStudy(folder)).runs[0]).not.toHaveProperty("hasChanged");
  });

  it("fails before its first stage when its data cannot be read", async () => {
    const arms = { ...ARMS, broken: [align, tune(unreadable), test] };
    await run(build({ arms }));
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done", broken: "failed" });
    const failure = (await readStudy(folder)).runs.at(-1)?.failure;
    expect(failure?.message).toContain("unreadable: its rows cannot be read (no such file)");
    expect(failure).not.toHaveProperty("stage");
  });

  it("fails with the stage that it shares", async () => {
    const events = await run(build({ diesAt: 2 }));
    expect(Object.values(endsOf(events))).toEqual(["failed", "failed", "failed", "failed"]);
    expect((await readStudy(folder)).runs[2]?.failure).toMatchObject({ message: "killed", stage: "align" });
    expect(stepsIn(await run())).toEqual({ align: 2, tune: 6 });
    expect(await states()).toEqual({ base: "done", language: "done", vision: "done" });
  });
});
