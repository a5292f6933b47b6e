import {
  type DownloadEvent,
  isRunOf,
  type Location,
  messageOf,
  planExperiment,
  plannedStages,
  type PlanOptions,
  planOf,
  type PreflightEvent,
  type ResourcePlan,
  runFolder,
  type StagePlan,
  toFolderUrl,
} from "@mlan/core";
import type { Study, StudyRun } from "./study.ts";
import { selectedRuns, selectedTasks, type StudySelection, usefulProcesses } from "./study-selection.ts";
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
  /** The arms that cannot be planned, such as one whose data cannot be read. They would fail in a run. */
  readonly problems: readonly ArmProblem[];
}

export interface ArmProblem {
  readonly model: string;
  readonly arm: string;
  readonly message: string;
}

export interface TaskPlan {
  readonly task: Pick<StudyTask, "kind" | "label" | "folder">;
  /** The number of runs that need the task. */
  readonly runs: number;
  /**
   * The stages that the task runs itself, without copied stages. Empty if all stages of the run are shared, and if no
   * run of the task can be planned.
   */
  readonly stages: readonly TaskStagePlan[];
  /** Whether the task cannot be planned, see {@link StudyPlan.problems}. */
  readonly fails: boolean;
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
 * the first seed; a stage that several arms have in common is planned once, and its data read once. An arm that
 * cannot be planned is named in the plan; its error is thrown only if no arm can be planned.
 */
export async function* planStudy(
  study: Study,
  { folder: place, only, processes = 1, ...options }: PlanStudyOptions,
): AsyncGenerator<PreflightEvent | DownloadEvent | StudyPlanEvent, void, undefined> {
  const folder = toFolderUrl(place, "folder");
  const selected = selectedRuns(study, only);
  const tasks = selectedTasks(tasksOf(study), selected);
  const sharing = usefulProcesses(study, { processes, ...(only && { only }) });
  const plans = new Map<string, ResourcePlan>();
  const failed = new Map<string, { readonly problem: ArmProblem; readonly cause: unknown }>();
  const unplanned = {
    planned: plannedStages(),
    ...options,
    processes: sharing,
    folder: new URL("unplanned/", folder),
  };
  for (const run of selected) {
    if (plans.has(keyOf(run)) || failed.has(keyOf(run))) continue;
    try {
      for await (const event of planExperiment(run.experiment, unplanned)) {
        if (event.type === "plan") plans.set(keyOf(run), event.plan);
        else yield event;
      }
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      failed.set(keyOf(run), { problem: { model: run.model, arm: run.arm, message: messageOf(cause) }, cause });
    }
  }
  const [first] = plans.values();
  const [{ cause } = { cause: undefined }] = failed.values();
  if (!first && cause !== undefined) throw cause;
  const planned: TaskPlan[] = [];
  for (const task of tasks) planned.push(await taskPlan(task, plans, folder));
  yield {
    type: "study-plan",
    plan: {
      study: study.name,
      ...(first?.memoryLimit !== undefined && { memoryLimit: first.memoryLimit }),
      disk: { neededBytes: neededBytes(planned), freeBytes: first?.disk.freeBytes ?? NaN },
      tasks: planned,
      problems: [...failed.values()].map(({ problem }) => problem),
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
  const all = runs.map((run) => plans.get(keyOf(run))).find((plan) => plan !== undefined)?.stages;
  const manifest = await runFolder(new URL(folder, study))
    .readManifest()
    .catch(() => undefined);
  const done = manifest && isRunOf(planOf(experiment), manifest) ? manifest.stages : {};
  const own = (all ?? []).slice(after?.experiment.stages.length ?? 0, experiment.stages.length);
  return {
    task: { kind, label, folder },
    runs: runs.length,
    stages: own.map((stage) => ({ ...stage, done: done[stage.name]?.done === true })),
    fails: all === undefined,
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
