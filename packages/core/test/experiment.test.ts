import { readFile, writeFile } from "node:fs/promises";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import {
  evaluate,
  type Evaluator,
  type Experiment,
  experiment,
  MlanError,
  type Plugin,
  type RunEvent,
  runExperiment,
  runFolder,
  train,
} from "@mlan/core";
import {
  alphabetConversations,
  fakeClock,
  fakeClockPlugin,
  fakeModelPlugin,
  memoryBenchmark,
  memoryDataset,
  temporaryFolder,
} from "@mlan/testing";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addingTrainer, RECIPE, weightEvaluator } from "./small-run.ts";

let folder: URL;
beforeAll(async () => {
  await tf.setBackend("cpu");
});
beforeEach(() => {
  folder = temporaryFolder();
});
const evaluator = weightEvaluator();

const data = memoryDataset("letters", alphabetConversations(2));
const benchmark = memoryBenchmark("bench", []);
const stages = [
  evaluate({ name: "before", benchmarks: [benchmark], protocol: "strict" }),
  train({ name: "tune", data, recipe: RECIPE }),
  evaluate({ name: "after", benchmarks: [benchmark], protocol: "strict" }),
];
const raise = (error: Error): never => {
  throw error;
};
const build = (trainer: Plugin = addingTrainer(), seed = 1) =>
  experiment({ name: "letters", seed, use: [fakeModelPlugin(), trainer, evaluator], stages });

async function run(value = build()): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of runExperiment(value, { folder })) events.push(event);
  return events;
}

async function rest(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const found: RunEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe("an experiment", () => {
  it("runs its stages in order on one model and keeps what they say", async () => {
    const events = await run();
    expect(events.filter(({ type }) => type === "stage-start")).toMatchObject([
      { stage: "before" },
      { stage: "tune" },
      { stage: "after" },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "run-end",
      results: [
        { stage: "before", benchmark: "bench", metrics: { accuracy: { value: 0 } } },
        { stage: "after", benchmark: "bench", metrics: { accuracy: { value: 3 } } },
      ],
      ledger: [
        {
          stage: "tune",
          steps: 3,
          text: 30,
          image: 0,
          padding: 6,
          supervised: 12,
          flops: 300,
          seconds: 1.5,
          firstLoss: 3,
          lastLoss: 1,
        },
      ],
    });
  });

  it("writes down what was run, with versions", async () => {
    await run();
    const manifest = await runFolder(folder).readManifest();
    expect(manifest?.plan).toMatchObject({
      name: "letters",
      seed: 1,
      stages: [
        { name: "before" },
        { settings: { data: "letters", recipe: { trained: ["language"], batchSize: 2 } } },
        { name: "after" },
      ],
    });
    expect(manifest?.versions).toMatchObject({
      node: process.version,
      "@mlan/core": expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(manifest?.stages).toMatchObject({
      tune: { done: true, dataFingerprint: "data", checkpoint: "checkpoints/tune/step-3/" },
    });
  });

  it("writes down where plugins read from, and goes on when that has moved", async () => {
    const at = (weights: string): Experiment =>
      experiment({
        name: "letters",
        use: [{ ...fakeModelPlugin(), places: { weights } }, addingTrainer(), evaluator],
        stages,
      });
    await run(at("/old"));
    expect((await runFolder(folder).readManifest())?.places).toEqual({
      "@mlan/testing/fake-model": { weights: "/old" },
    });
    expect((await run(at("/new"))).filter((event) => event.type === "stage-end")).toMatchObject([
      { skipped: true },
      {},
      {},
    ]);
  });

  it("skips what is done when it is run again", async () => {
    await run();
    const events = await run();
    expect(events.filter(({ type }) => type === "stage-progress")).toEqual([]);
    expect(events.filter((event) => event.type === "stage-end").map(({ skipped }) => skipped)).toEqual([
      true,
      true,
      true,
    ]);
    expect(events.at(-1)).toMatchObject({ type: "run-end", results: [{ stage: "before" }, { stage: "after" }] });
  });

  it("goes on where it was killed, and counts no step twice", async () => {
    await expect(run(build(addingTrainer({ diesAt: 3 })))).rejects.toThrow("killed");
    const events = await run();
    expect(events.filter(({ type }) => type === "stage-end")).toMatchObject([
      { skipped: true },
      { skipped: false },
      { skipped: false },
    ]);
    const steps = (await runFolder(folder).metrics.read()).map(({ step }) => step);
    expect(steps).toEqual([1, 2, 3]);
    expect(events.at(-1)).toMatchObject({ results: [{ stage: "before" }, { metrics: { accuracy: { value: 3 } } }] });
  });

  it("evaluates the trained weights when it is killed after training", async () => {
    const dies: Plugin<Evaluator> = {
      ...evaluator,
      create: () => ({
        specVersion: 1,
        name: "dies",
        evaluate: () => {
          throw new Error("killed");
        },
      }),
    };
    const untested = experiment({
      name: "letters",
      seed: 1,
      use: [fakeModelPlugin(), addingTrainer(), { ...dies, name: evaluator.name }],
      stages: stages.slice(1),
    });
    await expect(run(untested)).rejects.toThrow("killed");
    const again = experiment({
      name: "letters",
      seed: 1,
      use: [fakeModelPlugin(), addingTrainer(), evaluator],
      stages: stages.slice(1),
    });
    expect((await run(again)).at(-1)).toMatchObject({
      results: [{ stage: "after", metrics: { accuracy: { value: 3 } } }],
    });
  });

  it("evaluates nothing with a trained checkpoint in which a bit has changed", async () => {
    const dies: Plugin<Evaluator> = {
      ...evaluator,
      create: () => ({ specVersion: 1, name: "dies", evaluate: () => raise(new Error("killed")) }),
    };
    const killed = { name: "letters", seed: 1, stages: stages.slice(1) };
    const use = [fakeModelPlugin(), addingTrainer()];
    await expect(run(experiment({ ...killed, use: [...use, dies] }))).rejects.toThrow("killed");
    const file = new URL("checkpoints/tune/step-3/fake-model.json", folder);
    const bytes = await readFile(file);
    // A digit of a weight: still JSON.
    const digit = bytes.findLastIndex((byte) => byte >= 0x30 && byte <= 0x39);
    bytes[digit] = (bytes[digit] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const error: unknown = await run(experiment({ ...killed, use: [...use, evaluator] })).catch(
      (thrown: unknown) => thrown,
    );
    expect(MlanError.is(error)).toBe(true);
    expect(String(error)).toMatch(/checkpoints\/tune\/step-3\/fake-model\.json differs from what was saved/);
  });

  it("refuses a folder of another experiment and says what differs", async () => {
    await run();
    await expect(run(build(addingTrainer(), 2))).rejects.toThrow(
      "experiment.seed was 1, now it is 2. Run in a different folder, or replace it with `fresh: true` (--fresh on the command line).",
    );
    await expect(run(build(addingTrainer(), 2))).rejects.toSatisfy((error) => MlanError.is(error, "run-folder"));
  });

  it("forgets a half-written line of metrics", async () => {
    await run();
    const file = new URL("metrics.jsonl", folder);
    await writeFile(file, `${await readFile(file, "utf8")}{"stage":"tu`);
    expect((await runFolder(folder).metrics.read()).length).toBe(3);
  });

  it("says that a plugin is missing", async () => {
    await expect(run(experiment({ name: "letters", use: [fakeModelPlugin()], stages }))).rejects.toThrow(
      "Nothing provides @mlan/core/evaluator@1",
    );
  });

  it("does not train a model that can only be asked, and says so before anything runs", async () => {
    const asked = fakeModelPlugin();
    const answersOnly: typeof asked = {
      ...asked,
      create: (scope) => ({ ...asked.create(scope), name: "hosted", answersOnly: true }),
    };
    const use = [answersOnly, addingTrainer(), evaluator];
    await expect(run(experiment({ name: "letters", use, stages }))).rejects.toThrow(
      "hosted cannot be trained, only evaluated; leave out the training stages, or use a model on this machine.",
    );
  });

  it("refuses to train what has no parameters, though nothing said so before", async () => {
    const asked = fakeModelPlugin();
    const silent: typeof asked = {
      ...asked,
      create: (scope) => ({
        ...asked.create(scope),
        open: async () => {
          const { specVersion, name, fingerprint, wording, generate, score, dispose } = await asked
            .create(scope)
            .open();
          return { specVersion, name, fingerprint, wording, generate, score, dispose };
        },
      }),
    };
    const use = [silent, addingTrainer(), evaluator];
    await expect(run(experiment({ name: "letters", use, stages }))).rejects.toThrow(
      "cannot be trained, only evaluated",
    );
  });

  it("stops when it is told to, and leaves no tensors behind", async () => {
    const before = tf.memory().numTensors;
    const events = runExperiment(build(), { folder, signal: AbortSignal.abort() });
    await expect(events.next()).resolves.toMatchObject({ value: { type: "preflight" } });
    await expect(rest(events)).rejects.toThrow(/abort/);
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes time from the clock that it is given", async () => {
    const value = experiment({
      name: "letters",
      use: [fakeModelPlugin(), addingTrainer(), evaluator, fakeClockPlugin(fakeClock())],
      stages,
    });
    expect((await run(value)).filter(({ type }) => type === "stage-end")).toMatchObject([
      { seconds: 0 },
      { seconds: 0 },
      { seconds: 0 },
    ]);
  });
});

describe("experiment options are refused by name", () => {
  it.each([
    ["an unknown one", { sed: 3 }, "sed"],
    ["a name that is no file name", { name: "a/b" }, "a name of letters"],
    ["a name that leads out of its folder", { name: ".." }, "that does not start with a dot"],
    ["no stages", { stages: [] }, "at least one stage"],
    ["something that is no plugin", { use: [{}] }, "expected a plugin"],
    ["two models", { use: [fakeModelPlugin(), fakeModelPlugin()] }, "both provide @mlan/core/model@1"],
    ["two stages of one name", { stages: [stages[0], stages[0]] }, 'two stages are called "before"'],
  ])("%s", (_, over, message) => {
    const options = { name: "x", use: [], stages, ...over };
    expect(() => experiment(options as never)).toThrow(message);
  });
});
