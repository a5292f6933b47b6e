import { writeFile } from "node:fs/promises";
import { type Dataset, type Conversation, evaluate, type Stage, train } from "@mlan/core";
import { readStudy, runStudy, type RunStudyOptions, study, type Study, type StudyEvent } from "@mlan/study";
import { alphabetConversations, fakeModelPlugin, memoryBenchmark, memoryDataset, temporaryFolder } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach } from "vitest";
import {
  addingTrainer,
  type AddingTrainerOptions,
  RECIPE,
  type Told,
  weightEvaluator,
} from "../../core/test/small-run.ts";

export let folder: URL;
let weights: URL;

/** Call once per test file: each test then has a separate study folder and weights. */
export function useScratchStudies(): void {
  beforeAll(() => tf.setBackend("cpu"));
  beforeEach(async () => {
    const root = temporaryFolder();
    folder = new URL("study/", root);
    weights = new URL("weights", root);
    await writeFile(weights, "weights");
  });
}

const bench = memoryBenchmark("bench", []);
export const letters = (name: string): Dataset<Conversation> => memoryDataset(name, alphabetConversations(2));
export const tune = (data: Dataset<Conversation>, recipe: Partial<typeof RECIPE> = {}): Stage =>
  train({ name: "tune", data, recipe: { ...RECIPE, ...recipe } });
export const align = train({ name: "align", data: letters("captions"), recipe: { ...RECIPE, trained: ["projector"] } });
export const test = evaluate({ name: "test", benchmarks: [bench] });

type Arms = Readonly<Record<string, readonly Stage[]>>;

/** A base arm without tuning, and two arms that tune on different data. */
export const ARMS: Arms = {
  base: [align, test],
  language: [align, tune(letters("language")), test],
  vision: [align, tune(letters("vision")), test],
};

interface Parts extends AddingTrainerOptions {
  readonly arms?: Arms;
  readonly seeds?: readonly number[];
  readonly models?: readonly string[];
  readonly seen?: Told[];
}

export function build({ arms = ARMS, seeds = [1], models = ["small"], seen, ...trainer }: Parts = {}): Study {
  return study({
    name: "letters",
    models: Object.fromEntries(models.map((model) => [model, fakeModelPlugin({ weights })])),
    use: [addingTrainer({ tellsHistory: true, ...trainer }), weightEvaluator(seen)],
    seeds,
    arms,
    stages: (stages) => stages,
  });
}

export async function run(value = build(), options: Partial<RunStudyOptions> = {}): Promise<StudyEvent[]> {
  const events: StudyEvent[] = [];
  for await (const event of runStudy(value, { folder, ...options })) events.push(event);
  return events;
}

/** The number of training steps that were taken, by stage. */
export function stepsIn(events: readonly StudyEvent[]): Readonly<Record<string, number>> {
  const steps: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== "task-progress" || event.event.type !== "stage-progress") continue;
    const { stage, event: inner } = event.event;
    if (inner.type === "step-end") steps[stage] = (steps[stage] ?? 0) + 1;
  }
  return steps;
}

export function endsOf(events: readonly StudyEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === "task-end" ? [[event.task.label, event.state]] : [])),
  );
}

/** The folder of the run of an arm, with a seed and a model. */
export function placeOf(arm: string, seed = 1, model = "small"): URL {
  return new URL(`${model}/${arm}/seed-${seed}/`, folder);
}

/** The state of each arm's run, by arm. */
export async function states(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await readStudy(folder)).runs.map(({ arm, state }) => [arm, state]));
}
