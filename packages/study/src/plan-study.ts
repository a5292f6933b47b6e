import {
  type DownloadEvent,
  isRunOf,
  type Location,
  planExperiment,
  type PlanOptions,
  planOf,
  type PreflightEvent,
  type ResourcePlan,
  runFolder,
  type StagePlan,
  toFolderUrl,
} from "@mlan/core";
import type { Study, StudyRun } from "./study.ts";
import { selectedTasks, type StudySelection } from "./study-selection.ts";
import { type StudyTask, tasksOf } from "./study-tasks.ts";

export interface PlanStudyOptions extends Omit<PlanOptions, "folder"> {
  /** The study folder, which need not exist. */
  readonly folder: Location;
  /** The runs to plan. Default: all. */
  readonly only?: StudySelection;
}

/** What a study will need, and which of its stages are done. */
export interface StudyPlan extends Pick<ResourcePlan, "memoryLimit"> {
  readonly study: string;
  /** The size of the checkpoints of all stages that are not done, and the free space on the study folder's disk. */
  readonly disk: { readonly neededBytes: number; readonly freeBytes: number };
  /** The tasks in the order in which they run. */
  readonly tasks: readonly TaskPlan[];
}

export interface TaskPlan {
  readonly task: Pick<StudyTask, "kind" | "label" | "folder">;
  /** The number of runs that need the task. */
  readonly runs: number;
  /** The stages that the task runs itself, without copied stages. Empty for a run whose stages are all shared. */
  readonly stages: readonly TaskStagePlan[];
}

/** The plan of a stage. `done` is whether the stage has already run. */
export type TaskStagePlan = StagePlan & { readonly done: boolean };

/** The last event of {@link planStudy}, emitted once. */
export interface StudyPlanEvent {
  readonly type: "study-plan";
  readonly plan: StudyPlan;
}

/**
 * Predicts what each task of a study will need, with `planExperiment` of core. Each arm is planned once per model, with
 * the first seed.
 */
export async function* planStudy(
  study: Study,
  { folder: place, only, ...options }: PlanStudyOptions,
): AsyncGenerator<PreflightEvent | DownloadEvent | StudyPlanEvent, void, undefined> {
  const folder = toFolderUrl(place, "folder");
  const tasks = selectedTasks(tasksOf(study), study, only);
  const plans = new Map<string, ResourcePlan>();
  for (const { runs } of tasks) {
    const [run] = runs;
    if (!run || plans.has(keyOf(run))) continue;
    for await (const event of planExperiment(run.experiment, { ...options, folder: new URL("unplanned/", folder) })) {
      if (event.type === "plan") plans.set(keyOf(run), event.plan);
      else yield event;
    }
  }
  const planned: TaskPlan[] = [];
  for (const task of tasks) planned.push(await taskPlan(task, plans, folder));
  const [first] = plans.values();
  yield {
    type: "study-plan",
    plan: {
      study: study.name,
      ...(first?.memoryLimit !== undefined && { memoryLimit: first.memoryLimit }),
      disk: { neededBytes: neededBytes(planned), freeBytes: first?.disk.freeBytes ?? NaN },
      tasks: planned,
    },
  };
}

function keyOf({ model, arm }: StudyRun): string {
  return `${model}/${arm}`;
}

async function taskPlan(
  { kind, label, folder, experiment, runs, after }: StudyTask,
  plans: ReadonlyMap<string, ResourcePlan>,
  study: URL,
): Promise<TaskPlan> {
  const [run] = runs;
  const all = (run && plans.get(keyOf(run))?.stages) ?? [];
  const manifest = await runFolder(new URL(folder, study))
    .readManifest()
    .catch(() => undefined);
  const done = manifest && isRunOf(planOf(experiment), manifest) ? manifest.stages : {};
  const own = all.slice(after?.experiment.stages.length ?? 0, experiment.stages.length);
  return {
    task: { kind, label, folder },
    runs: runs.length,
    stages: own.map((stage) => ({ ...stage, done: done[stage.name]?.done === true })),
  };
}

/** Returns the size of all checkpoints to be written, plus the most space that a stage needs temporarily, in bytes. */
function neededBytes(tasks: readonly TaskPlan[]): number {
  const needs = tasks.flatMap(({ stages }) =>
    stages.flatMap(({ done, training }) => (done || !training ? [] : training.needs)),
  );
  const kept = needs.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
  return kept + Math.max(0, ...needs.map(({ peakBytes, keptBytes }) => peakBytes - keptBytes));
}
