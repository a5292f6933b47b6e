import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { type Experiment, experiment, planOf } from "@mlan/core";
import { isSafeName } from "./names.ts";
import type { Study, StudyRun } from "./study.ts";

/** A part of a study that runs in its own run folder: a run, or stages that several runs begin with. */
export interface StudyTask {
  readonly kind: "run" | "shared";
  /** A name for people, e.g. "mlan, llama2, seed 42". */
  readonly label: string;
  /** The run folder as a URL relative to the study folder. Ends in a slash. */
  readonly folder: string;
  readonly experiment: Experiment;
  /** The runs that need the task: one run, or the runs that share its stages. */
  readonly runs: readonly StudyRun[];
  /** The task that runs the first stages of this task, before it. Absent when this task begins with its own stages. */
  readonly after?: StudyTask;
}

/** Returns the folder of a run as a URL relative to the study folder. */
export function folderOf({ model, arm, seed }: Pick<StudyRun, "model" | "arm" | "seed">): string {
  return `${model}/${arm}/seed-${seed}/`;
}

/** The name of the folder of shared stages in a study folder. No model may have this name. */
export const SHARED = "shared";

/**
 * Returns the folders in a study folder, except the task's own, that contain runs or shared stages of the task's model
 * and seed, as URLs relative to the study folder. Folders of arms that the study no longer has are included.
 */
export async function foldersLike({ folder, runs }: StudyTask, study: URL): Promise<readonly string[]> {
  const [{ model, seed } = { model: "", seed: NaN }] = runs;
  const namesIn = (place: string): Promise<string[]> => readdir(new URL(place, study)).catch(() => []);
  const arms = (await namesIn(`${model}/`)).filter(isSafeName);
  const shared = (await namesIn(`${SHARED}/`)).filter(
    (name) => isSafeName(name) && name.startsWith(`${model}-seed-${seed}-`),
  );
  const all = [...arms.map((arm) => folderOf({ model, arm, seed })), ...shared.map((name) => `${SHARED}/${name}/`)];
  return all.filter((other) => other !== folder);
}

/** Returns the tasks of a study. Every task comes after the task that it needs. */
export function tasksOf({ name, runs }: Study): readonly StudyTask[] {
  return grouped(runs, ({ model, seed }) => `${model}/${seed}`).flatMap((group) => tasksFrom(group, 0, name));
}

/** Returns the tasks of runs whose first `depth` stages are run by the task `after`. */
function tasksFrom(runs: readonly StudyRun[], depth: number, study: string, after?: StudyTask): readonly StudyTask[] {
  const [first] = runs;
  if (!first) return [];
  if (runs.length === 1) return [runTask(first, after)];
  let end = depth;
  while (stageKey(first, end) !== undefined && runs.every((run) => stageKey(run, end) === stageKey(first, end))) end++;
  const shared = end > depth ? sharedTask(runs, end, study, after) : after;
  const branches = grouped(runs, (run) => stageKey(run, end) ?? run.arm);
  return [
    ...(shared && shared !== after ? [shared] : []),
    ...branches.flatMap((branch) => tasksFrom(branch, end, study, shared)),
  ];
}

function runTask(run: StudyRun, after: StudyTask | undefined): StudyTask {
  const { model, arm, seed } = run;
  const label = `${arm}, ${model}, seed ${seed}`;
  return {
    kind: "run",
    label,
    folder: folderOf(run),
    experiment: run.experiment,
    runs: [run],
    ...(after && { after }),
  };
}

function sharedTask(
  runs: readonly StudyRun[],
  stages: number,
  study: string,
  after: StudyTask | undefined,
): StudyTask | undefined {
  const [first] = runs;
  if (!first) return undefined;
  const { model, seed, experiment: whole } = first;
  const names = whole.stages.slice(0, stages).map((stage) => stage.name);
  const { plugins, stages: planned } = planOf(whole);
  const key = createHash("sha256")
    .update(JSON.stringify([plugins, seed, planned.slice(0, stages)]))
    .digest("hex");
  return {
    kind: "shared",
    label: `${names.join(" and ")}, ${model}, seed ${seed}`,
    folder: `${SHARED}/${model}-seed-${seed}-${key.slice(0, 12)}/`,
    experiment: experiment({
      name: `${study}-${model}-shared`,
      seed,
      use: whole.use,
      stages: whole.stages.slice(0, stages),
    }),
    runs,
    ...(after && { after }),
  };
}

/** Returns the runs in groups with equal keys, in the order of the first run of each. */
function grouped(runs: readonly StudyRun[], keyOf: (run: StudyRun) => string): readonly (readonly StudyRun[])[] {
  const keys = new Set(runs.map(keyOf));
  return [...keys].map((key) => runs.filter((run) => keyOf(run) === key));
}

/** Returns a string that is equal for stages with the same name and settings; undefined after the last stage. */
function stageKey({ experiment: { stages } }: StudyRun, index: number): string | undefined {
  const stage = stages[index];
  return stage && JSON.stringify([stage.name, stage.kind, stage.settings]);
}
