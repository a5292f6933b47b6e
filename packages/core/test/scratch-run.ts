import { type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunOptions } from "#internal/run/run-experiment.ts";
import {
  type Conversation,
  type Dataset,
  evaluate,
  experiment,
  type Experiment,
  MlanError,
  type RunEvent,
  runExperiment,
  train,
} from "@mlan/core";
import { alphabetConversations, fakeModelPlugin, memoryBenchmark, memoryDataset } from "@mlan/testing";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { addingTrainer, type AddingTrainerOptions, all, RECIPE, type Told, weightEvaluator } from "./small-run.ts";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

let root: string;
export let folder: URL;
export let weights: URL;
export let children: ChildProcess[];

/** Call once per test file: each test then has a separate run folder, weights and child processes. */
export function useScratchRuns(): void {
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
}

export const letters = memoryDataset("letters", alphabetConversations(2));
export const bench = memoryBenchmark("bench", []);

interface Parts extends AddingTrainerOptions {
  readonly data?: Dataset<Conversation>;
  readonly seen?: Told[];
}

export function build({ data = letters, seen, ...trainer }: Parts = {}): Experiment {
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

export const run = (value = build(), options: Partial<RunOptions> = {}): Promise<RunEvent[]> =>
  all(runExperiment(value, { folder, ...options }));

export async function runUntil(isLast: (event: RunEvent) => boolean, value = build()): Promise<void> {
  for await (const event of runExperiment(value, { folder })) if (isLast(event)) break;
}
export function optionsOf({ name, seed, use, stages }: Experiment): Parameters<typeof experiment>[0] {
  return { name, seed, use, stages };
}

/** Returns the events that report the start of a stage. */
export const stagesOf = (events: readonly RunEvent[]): readonly RunEvent[] =>
  events.filter(({ type }) => type === "stage-start");

/** Runs an experiment that is refused. Returns the error's message, and the events before the error. */
export async function refusal(value: Experiment): Promise<{ message: string; events: RunEvent[] }> {
  const events: RunEvent[] = [];
  try {
    for await (const event of runExperiment(value, { folder })) events.push(event);
  } catch (error) {
    if (MlanError.is(error)) return { message: error.message, events };
    throw error;
  }
  throw new Error("it was not refused");
}
