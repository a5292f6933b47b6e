import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import {
  type Conversation,
  type Dataset,
  defineDataset,
  type Evaluator,
  evaluate,
  experiment,
  type Experiment,
  MlanError,
  type Plugin,
  readRun,
  type RunEvent,
  runExperiment,
  runFolder,
  type RunOptions,
  train,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark, memoryDataset } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addingTrainer, type AddingTrainerOptions, all, dataWithImage, RECIPE, weightEvaluator } from "./small-run.ts";

let root: string;
let folder: URL;
let weights: URL;
let children: ChildProcess[];
beforeAll(() => tf.setBackend("cpu"));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "run-safety-"));
  folder = pathToFileURL(`${join(root, "run")}/`);
  weights = pathToFileURL(join(root, "weights"));
  await writeFile(weights, "first weights");
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

const letters = memoryDataset<Conversation>("letters", []);
const bench = memoryBenchmark("bench", []);

interface Parts extends AddingTrainerOptions {
  readonly data?: Dataset<Conversation>;
  readonly seen?: { stage?: string; weights?: string }[];
}

function build({ data = letters, seen, ...trainer }: Parts = {}): Experiment {
  return experiment({
    name: "small",
    use: [fakeModelPlugin({ weights }), addingTrainer(trainer), weightEvaluator(seen)],
    stages: [
      evaluate({ name: "before", benchmarks: [bench], protocol: "strict" }),
      train({ name: "tune", data, recipe: RECIPE }),
      evaluate({ name: "after", benchmarks: [bench], protocol: "strict" }),
    ],
  });
}

const run = (value = build(), options: Partial<RunOptions> = {}): Promise<RunEvent[]> =>
  all(runExperiment(value, { folder, ...options }));

async function runUntil(isLast: (event: RunEvent) => boolean, value = build()): Promise<void> {
  for await (const event of runExperiment(value, { folder })) if (isLast(event)) break;
}

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
    const seen: { stage?: string; weights?: string }[] = [];
    await run(build({ seen }));
    expect(seen.map(({ stage }) => stage)).toEqual(["before", "after"]);
    expect(seen[0]?.weights).not.toBe(seen[1]?.weights);
    await rm(folder, { recursive: true });
    const again: { stage?: string; weights?: string }[] = [];
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
    await expect(run(build({ stopsAfter: 1 }))).rejects.toThrow('stage "tune" stopped and never told the end of its');
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

describe("content that changes in place", () => {
  const rows = (text: string): Dataset<Conversation> => {
    const turns = [
      { role: "user", text: "a" },
      { role: "assistant", text },
    ] as const;
    return memoryDataset("letters", [{ id: "0", turns, images: [] }]);
  };

  it("of the weights is refused, between two starts and after a kill", async () => {
    await run();
    await writeFile(weights, "other weights");
    await expect(run()).rejects.toThrow(
      "the files of the model @mlan/testing/fake-model have changed since this run began",
    );
    await writeFile(weights, "first weights"); // touched, and the same again
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
  });

  it("of rows is refused", async () => {
    await expect(run(build({ data: rows("b"), diesAt: 2 }))).rejects.toThrow("killed");
    await expect(run(build({ data: rows("c") }))).rejects.toThrow(
      'the rows of the data letters have changed since stage "tune" began',
    );
    await run(build({ data: rows("b") }));
  });

  it("of images is refused, whatever finds them", async () => {
    const image = (bytes: string): Dataset<Conversation> =>
      dataWithImage("pictures", { name: "a.png", read: async () => Buffer.from(bytes) });
    await expect(run(build({ data: image("one"), diesAt: 2 }))).rejects.toThrow("killed");
    await expect(run(build({ data: image("two") }))).rejects.toThrow("the images of the data pictures have changed");
    await run(build({ data: image("one") }));
  });

  it("of images is looked at by stamp first, and read when the stamp differs", async () => {
    let reads = 0;
    const image = (stamp: string, bytes: string): Dataset<Conversation> =>
      dataWithImage("pictures", {
        name: "a.png",
        find: async () => ({ stamp }),
        read: async () => {
          reads++;
          return Buffer.from(bytes);
        },
      });
    await run(build({ data: image("1", "one") }));
    expect(reads).toBe(1);
    await run(build({ data: image("1", "one") }));
    expect(reads).toBe(1);
    await run(build({ data: image("2", "one") }));
    expect(reads).toBe(2);
    await expect(run(build({ data: image("3", "two") }))).rejects.toThrow("the images of the data pictures");
  });

  it("of the checkpoint that later stages start from is refused", async () => {
    await runUntil((event) => event.type === "stage-end" && event.stage === "tune");
    const list = new URL("checkpoints/tune/last/checksums.json", folder);
    await appendFile(list, " ");
    await expect(run()).rejects.toThrow('the checkpoint of stage "tune"');
  });
});

describe("before the first stage", () => {
  const stagesOf = (events: readonly RunEvent[]): readonly RunEvent[] =>
    events.filter(({ type }) => type === "stage-start");

  async function refusal(value: Experiment): Promise<{ message: string; events: RunEvent[] }> {
    const events: RunEvent[] = [];
    try {
      for await (const event of runExperiment(value, { folder })) events.push(event);
    } catch (error) {
      if (MlanError.is(error)) return { message: error.message, events };
      throw error;
    }
    throw new Error("it was not refused");
  }

  it("tells what is looked at, each once", async () => {
    const subjects = (await run()).flatMap((event) => (event.type === "preflight" ? [event.subject] : []));
    const model = "the model @mlan/testing/fake-model";
    expect(subjects).toEqual([model, "the data bench", "the data letters", `every byte of ${model}`]);
  });

  it("data that cannot be opened are noticed, and nothing is left behind", async () => {
    const missing = defineDataset<Conversation, Conversation>({
      name: "missing",
      rows: () => Promise.reject(new MlanError("invalid-data", "there is no folder missing/")),
      toExample: (row) => row,
    });
    const { message, events } = await refusal(build({ data: missing }));
    expect(message).toBe("there is no folder missing/");
    expect(stagesOf(events)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("images that are missing are noticed, with their number", async () => {
    const find = (): Promise<never> => Promise.reject(new MlanError("invalid-data", 'there is no image "a.png".'));
    const image = { name: "a.png", find, read: find };
    const one = dataWithImage("pictures", image);
    const two: Dataset<Conversation> = {
      ...one,
      open: async () => {
        const { at } = await one.open();
        return { length: 3, fingerprint: "rows", at };
      },
    };
    expect((await refusal(build({ data: one }))).message).toBe('there is no image "a.png".');
    expect((await refusal(build({ data: two }))).message).toBe(
      'there is no image "a.png". 2 more images are missing too.',
    );
  });

  it("weights that are missing are noticed", async () => {
    await rm(weights);
    const { message, events } = await refusal(build());
    expect(message).toContain("weights cannot be read: ENOENT");
    expect(stagesOf(events)).toEqual([]);
  });

  it("a trainer that only a later stage needs is noticed", async () => {
    const { stages } = build();
    const { message, events } = await refusal(
      experiment({ name: "small", use: [fakeModelPlugin({ weights }), weightEvaluator()], stages }),
    );
    expect(message).toContain("Nothing provides @mlan/core/trainer@1");
    expect(stagesOf(events)).toEqual([]);
  });

  it("images that the model cannot read are noticed", async () => {
    const data = dataWithImage("pictures", { name: "a.png", read: async () => new Uint8Array() });
    const { stages } = build({ data });
    const use = [fakeModelPlugin({ readsImages: false }), addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(experiment({ name: "small", use, stages }));
    expect(message).toBe(
      "the data pictures have images, and the model @mlan/testing/fake-model reads none. Give it a vision tower, or take other data.",
    );
    expect(stagesOf(events)).toEqual([]);
  });

  it("what only the evaluator of a later stage can know is noticed", async () => {
    const evaluator = weightEvaluator();
    const strict: Plugin<Evaluator> = {
      ...evaluator,
      create: (scope) => ({
        ...evaluator.create(scope),
        check: ({ benchmark }) => Promise.reject(new MlanError("invalid-options", `${benchmark.name} has no choices`)),
      }),
    };
    const use = [fakeModelPlugin({ weights }), addingTrainer(), strict];
    const { message, events } = await refusal(experiment({ name: "small", use, stages: build().stages.slice(1) }));
    expect(message).toBe("bench has no choices");
    expect(stagesOf(events)).toEqual([]);
  });

  it("a disk that is too small is noticed", async () => {
    const { message } = await refusal(build({ needsBytes: 1e18 }));
    expect(message).toMatch(
      /^the checkpoints of this run need 1000000000 GB, and the disk of .*run\/ has \d.* GB free\./,
    );
  });

  it.each([
    ["no experiment", {}, "runExperiment takes the value of experiment("],
    ["a plugin's function", { ...build(), use: [fakeModelPlugin] }, "runExperiment takes the value of experiment("],
  ])("%s is refused", async (_, value, message) => {
    await expect(all(runExperiment(value as never, { folder }))).rejects.toThrow(message);
  });

  // prettier-ignore
  it.each([
    ["a stage without data",        () => train({ name: "a", recipe: RECIPE } as never),                              "expected a dataset"],
    ["a misspelt option",           () => train({ name: "a", data: letters, recipe: RECIPE, dta: 1 } as never),       '"dta"'],
    ["a recipe's name",             () => train({ name: "a", data: letters, recipe: "alignment" as never }),          "expected a recipe"],
    ["a dataset as a benchmark",    () => evaluate({ name: "a", benchmarks: [letters as never], protocol: "paper" }), "expected a benchmark"],
    ["no benchmark",                () => evaluate({ name: "a", benchmarks: [], protocol: "paper" }),                 "at least one benchmark"],
    ["another protocol",            () => evaluate({ name: "a", benchmarks: [bench], protocol: "papr" as never }),    "protocol"],
    ["a plugin that was not called", () => experiment({ name: "a", use: [fakeModelPlugin as never], stages: build().stages }), "is a call missing"],
    ["a stage of another kind",     () => experiment({ name: "a", use: [], stages: [{ name: "x", run() {} } as never] }), "expected a stage"],
  ])("%s is refused where it is written", (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.toSatisfy((error) => MlanError.is(error, "invalid-options")));
  });
});

describe("metrics.jsonl", () => {
  const file = (): URL => new URL("metrics.jsonl", folder);
  const stepsIn = async (): Promise<readonly number[]> => (await readRun(folder)).metrics.map(({ step }) => step);
  const COSTS = { steps: 3, text: 30, flops: 300, seconds: 1.5, firstLoss: 3, lastLoss: 1 };

  // prettier-ignore
  it.each<[string, (lines: readonly string[]) => readonly string[]]>([
    ["a missing line",   ([, second = ""]) => [second]],
    ["a doubled line",   ([first = "", second = ""]) => [first, first, second]],
    ["an edited line",   ([first = "", second = ""]) => [first.replace('"flops":100', '"flops":9'), second]],
    ["a damaged line",   ([first = ""]) => [first, '{"stage":"tune","st'.padEnd(40, "x")]],
    ["no line",          () => []],
  ])("%s is put right from the checkpoint", async (_, damage) => {
    await expect(run(build({ diesAt: 3, tellsHistory: true }))).rejects.toThrow("killed");
    const lines = (await readFile(file(), "utf8")).trimEnd().split("\n");
    await writeFile(file(), damage(lines).map((line) => `${line}\n`).join(""));
    expect((await run(build({ tellsHistory: true }))).at(-1)).toMatchObject({ ledger: [COSTS] });
    expect(await stepsIn()).toEqual([1, 2, 3]);
    expect((await readRun(folder)).ledger).toMatchObject([COSTS]);
  });

  it("that lacks a step is refused where the checkpoint does not tell", async () => {
    await expect(run(build({ diesAt: 3 }))).rejects.toThrow("killed");
    const [, second] = (await readFile(file(), "utf8")).split("\n");
    await writeFile(file(), `${second}\n`);
    await expect(run()).rejects.toThrow(/metrics\.jsonl lacks step 1 of stage "tune", which has done 2/);
  });

  it("and ledger.json may be lost or edited when the training is done", async () => {
    await run();
    await rm(file());
    await writeFile(new URL("ledger.json", folder), "[]\n");
    expect((await run()).at(-1)).toMatchObject({ ledger: [COSTS] });
    expect((await readRun(folder)).ledger).toMatchObject([COSTS]);
  });
});

describe("two runs in one folder", () => {
  const lock = (): URL => new URL("run.lock", folder);
  const held = { host: hostname(), id: "other" };

  it("cannot be, and the first is not disturbed", async () => {
    const first = runExperiment(build(), { folder });
    await first.next();
    await expect(run()).rejects.toThrow(`process ${process.pid} is running in ${fileURLToPath(folder)}`);
    await expect(run(build(), { fresh: true })).rejects.toSatisfy((error) => MlanError.is(error, "run-folder"));
    expect((await all(first)).at(-1)).toMatchObject({ type: "run-end" });
    expect(existsSync(lock())).toBe(false);
  });

  it("of which one ended by an error, a break or an abort: the next may begin", async () => {
    await expect(run(build({ diesAt: 2 }))).rejects.toThrow("killed");
    await runUntil(({ type }) => type === "stage-progress");
    await expect(run(build(), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    expect(existsSync(lock())).toBe(false);
    await run();
  });

  it("of which one was killed: its lock is taken over, by one of many", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("exit", resolve));
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: child.pid }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => run()));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : []));
    expect(outcomes.length - refused.length).toBeGreaterThan(0);
    for (const reason of refused) expect(reason).toContain(`process ${process.pid} is running in`);
    expect((await readRun(folder)).metrics.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect((await readdir(folder)).filter((name) => /lock|tmp/.test(name))).toEqual([]);
  });

  it("of which one lives in another process is refused", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    children.push(child);
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: child.pid }));
    await expect(run()).rejects.toThrow(`process ${child.pid} is running in`);
  });

  it.runIf(process.platform === "linux")("a number that the system gave to another process is no holder", async () => {
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ ...held, pid: process.pid, processStarted: "1" }));
    expect((await run()).at(-1)).toMatchObject({ type: "run-end" });
  });

  it("of which one is on another machine is refused, with the way out", async () => {
    await mkdir(folder);
    await writeFile(lock(), JSON.stringify({ host: "elsewhere", pid: 7, id: "other" }));
    await expect(run()).rejects.toThrow(
      `process 7 on elsewhere is running in ${fileURLToPath(folder)}, and two runs in one folder would mix their results. When that process no longer runs, remove ${fileURLToPath(lock())}.`,
    );
  });
});

describe("a fresh run", () => {
  const notes = (): URL => new URL("notes.txt", folder);

  it("removes what the old one wrote and nothing else", async () => {
    await run();
    await writeFile(notes(), "mine");
    await mkdir(new URL("checkpoints/mine/", folder));
    await writeFile(new URL("answers.txt", folder), "mine");
    const events = await run(build(), { fresh: true });
    expect(events.filter((event) => event.type === "stage-end").every(({ skipped }) => !skipped)).toBe(true);
    expect(await readFile(notes(), "utf8")).toBe("mine");
    expect((await readdir(folder)).toSorted()).toEqual(
      [
        "answers.txt",
        "checkpoints",
        "ledger.json",
        "manifest.json",
        "metrics.jsonl",
        "notes.txt",
        "results.json",
      ].toSorted(),
    );
    expect(existsSync(new URL("checkpoints/mine/", folder))).toBe(true);
  });

  it("may follow another experiment", async () => {
    await run();
    const other = experiment({ ...optionsOf(build()), name: "other" });
    await expect(run(other)).rejects.toThrow("holds another experiment");
    await run(other, { fresh: true });
    expect((await readRun(folder)).manifest.plan.name).toBe("other");
  });

  it("removes nothing when it cannot begin", async () => {
    await run();
    const before = await readFile(new URL("results.json", folder), "utf8");
    await rm(weights);
    await expect(run(build(), { fresh: true })).rejects.toThrow("cannot be read");
    await writeFile(weights, "first weights");
    expect(await readFile(new URL("results.json", folder), "utf8")).toBe(before);
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
  });

  it("refuses a folder that is no run", async () => {
    await mkdir(folder);
    await writeFile(notes(), "mine");
    await expect(run(build(), { fresh: true })).rejects.toThrow('is no run folder: it holds "notes.txt"');
    await writeFile(new URL("manifest.json", folder), '{"name": "a web page"}');
    await expect(run(build(), { fresh: true })).rejects.toThrow("its manifest.json is not that of a run");
    expect(await readFile(notes(), "utf8")).toBe("mine");
  });

  it("that was killed while it set the old run aside puts it back", async () => {
    await run();
    await mkdir(new URL(".replaced-run/", folder));
    for (const name of ["manifest.json", "results.json"]) {
      await writeFile(new URL(`.replaced-run/${name}`, folder), await readFile(new URL(name, folder)));
      await rm(new URL(name, folder));
    }
    expect((await run()).filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }, {}, {}]);
    expect(existsSync(new URL(".replaced-run/", folder))).toBe(false);
  });
});

describe("a run folder", () => {
  it("may be given as a path", async () => {
    const path = relative(process.cwd(), fileURLToPath(folder));
    await all(runExperiment(build(), { folder: path }));
    expect((await readRun(path)).folder.href).toBe(folder.href);
    expect((await readRun(folder.href.slice(0, -1))).folder.href).toBe(folder.href);
  });

  it("is freed of what killed processes were writing", async () => {
    await run();
    const litter = ["manifest.json", "answers/x/y.jsonl"].map(
      (name) => new URL(`${name}.01234567-89ab-cdef-0123-456789abcdef.tmp`, folder),
    );
    await mkdir(new URL("answers/x/", folder), { recursive: true });
    for (const file of litter) await writeFile(file, "half");
    await run();
    expect(litter.filter((file) => existsSync(file))).toEqual([]);
  });

  // prettier-ignore
  it.each([
    ["manifest.json", "null",                                           "its manifest.json is not that of a run"],
    ["manifest.json", "[]",                                             "its manifest.json is not that of a run"],
    ["manifest.json", '{"formatVersion":1,"plan":{},"versions":{}}',    "stages"],
    ["manifest.json", '{"formatVersion":2}',                            "formatVersion"],
    ["results.json",  "{}",                                             "results.json is not what a run writes there"],
    ["ledger.json",   "[1]",                                            "ledger.json is not what a run writes there"],
    ["metrics.jsonl", "{}\n",                                           "line 1 of"],
    ["metrics.jsonl", "oops\n",                                         "line 1 of"],
  ])("with a %s of %s is refused in one sentence", async (name, text, message) => {
    await run();
    await writeFile(new URL(name, folder), text);
    await expect(readRun(folder)).rejects.toThrow(message);
    await expect(readRun(folder)).rejects.toSatisfy((error) => MlanError.is(error, "run-folder"));
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read says why", async () => {
    await run();
    await chmod(new URL("results.json", folder), 0);
    await expect(readRun(folder)).rejects.toThrow(/results\.json cannot be read: EACCES/);
  });

  it("says why a file cannot be read", async () => {
    await mkdir(new URL("manifest.json/", folder), { recursive: true });
    await expect(readRun(folder)).rejects.toThrow(/manifest\.json cannot be read: EISDIR/);
  });
});

describe("a resumed run", () => {
  it("may keep checkpoints at another pace", async () => {
    await expect(run(build({ diesAt: 2 }))).rejects.toThrow("killed");
    const [before, , after] = build().stages;
    const tune = train({ name: "tune", data: letters, recipe: { ...RECIPE, checkpointEvery: 50 } });
    const value = experiment({ ...optionsOf(build()), stages: [before, tune, after].flatMap((stage) => stage ?? []) });
    expect((await run(value)).at(-1)).toMatchObject({ results: [{}, { metrics: { accuracy: { value: 3 } } }] });
  });
});

function optionsOf({ name, seed, use, stages }: Experiment): Parameters<typeof experiment>[0] {
  return { name, seed, use, stages };
}
