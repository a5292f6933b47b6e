import { setTimeout } from "node:timers/promises";
import {
  type Location,
  messageOf,
  MlanError,
  pathOf,
  type RunEvent,
  runExperiment,
  type RunningProcess,
  runningProcess,
  toFolderUrl,
} from "@mlan/core";
import { readFailure, remedyFor, removeFailure, type StudyFailure, withRemedy, writeFailure } from "./failure-file.ts";
import { isDone, readStudy, type StudyRecord } from "./read-study.ts";
import { isStudy, type Study } from "./study.ts";
import { keepStudyFile } from "./study-file.ts";
import { selectedRuns, selectedTasks, type StudySelection, usefulProcesses } from "./study-selection.ts";
import { foldersLike, type StudyTask, tasksOf } from "./study-tasks.ts";

export interface RunStudyOptions {
  /** The study folder. If it already contains this study, the study is continued. */
  readonly folder: Location;
  /** The runs to run. Default: all. */
  readonly only?: StudySelection;
  /** See `RunOptions.checkMemory` of core. */
  readonly checkMemory?: boolean;
  /**
   * Number of processes on this machine that run the study at once; see `RunOptions.processes` of core. Those beyond
   * one per run have nothing to do, and get no share of the memory. Default 1.
   */
  readonly processes?: number;
  /** The command that runs the study, recorded in the manifests for information only. */
  readonly command?: string;
  readonly signal?: AbortSignal;
}

export type StudyEvent = TaskStartEvent | TaskProgressEvent | TaskEndEvent | StudyWaitEvent | StudyEndEvent;

export interface TaskStartEvent {
  readonly type: "task-start";
  readonly task: StudyTask;
  /** Index of the task, from 0. */
  readonly index: number;
  readonly tasks: number;
}

export interface TaskProgressEvent {
  readonly type: "task-progress";
  readonly task: StudyTask;
  readonly event: RunEvent;
}

export interface TaskEndEvent {
  readonly type: "task-end";
  readonly task: StudyTask;
  readonly index: number;
  readonly tasks: number;
  /** `elsewhere` means that another process has finished the task. */
  readonly state: "done" | "failed" | "elsewhere";
  /** The error of a task that failed in this process. */
  readonly error?: unknown;
  /** The recorded failure. Present when `state` is `failed`. */
  readonly failure?: StudyFailure;
}

/**
 * Emitted when the study waits because all tasks that could start are running in other processes, and again when
 * another process has taken over one of them.
 */
export interface StudyWaitEvent {
  readonly type: "study-wait";
  /** The tasks that the study waits for, except those that the last event named with the same process. */
  readonly tasks: readonly WaitingTask[];
}

export interface WaitingTask {
  readonly task: StudyTask;
  /** The process that runs the task. */
  readonly process: RunningProcess;
  /** Which process runs the task, on which machine and since when, and what to do if it no longer runs. */
  readonly reason: string;
}

export interface StudyEndEvent {
  readonly type: "study-end";
  readonly record: StudyRecord;
}

const WAIT_MILLISECONDS = 1000;

/**
 * Runs a study: every run in its own run folder, one after another. Stages that several runs begin with run once and
 * are copied. A failed run is recorded and does not stop the others. The same call continues an interrupted study. It
 * repeats failed runs, and those stages of finished runs whose settings, weights or data have changed. Several
 * processes may run the same study at once and share its runs. Throws `run-folder` when the folder contains a different
 * study.
 */
export async function* runStudy(study: Study, options: RunStudyOptions): AsyncGenerator<StudyEvent, void, undefined> {
  if (!isStudy(study))
    throw new MlanError(
      "invalid-options",
      "runStudy: expected a study as its first argument. Create it with study({ name, models, arms, ... }).",
    );
  const folder = toFolderUrl(options.folder, "folder");
  const all = tasksOf(study);
  const runs = selectedRuns(study, options.only);
  const tasks = selectedTasks(all, runs);
  await keepStudyFile(study, folder);
  const running = { ...options, processes: usefulProcesses(study, options) };
  const begin = new Date().toISOString();
  const ended = new Map<StudyTask, Outcome>();
  /** Tasks that could not start at the last attempt because another process was running them. */
  const elsewhere = new Set<StudyTask>();
  /** The reasons in the wait events since this process last ran a task. */
  const named = new Map<StudyTask, string>();
  while (ended.size < tasks.length) {
    let moved = false;
    for (const [index, task] of tasks.entries()) {
      if (ended.has(task) || (task.after && !ended.has(task.after))) continue;
      const place = { task, index, tasks: tasks.length };
      const failure = await failedElsewhere(task, folder, begin);
      const found = failure ?? (elsewhere.has(task) ? await doneElsewhere(task, folder) : undefined);
      const end = found ?? (yield* runTask({ ...place, folder, all, ended }, running));
      if ("runsElsewhere" in end) {
        elsewhere.add(task);
        continue;
      }
      ended.set(task, end);
      moved = true;
      if (end !== found) named.clear();
      yield { type: "task-end", ...place, ...end };
    }
    if (moved || ended.size === tasks.length) continue;
    const waiting = await waitingTasks(
      [...elsewhere].filter((task) => !ended.has(task)),
      folder,
    );
    const news = waiting.filter(({ task, reason }) => named.get(task) !== reason);
    for (const { task, reason } of news) named.set(task, reason);
    if (news.length > 0) yield { type: "study-wait", tasks: news };
    await setTimeout(WAIT_MILLISECONDS, undefined, options.signal && { signal: options.signal });
  }
  yield { type: "study-end", record: await readStudy(folder) };
}

type Outcome = Pick<TaskEndEvent, "state" | "error" | "failure">;

interface Place {
  readonly task: StudyTask;
  readonly index: number;
  readonly tasks: number;
  readonly folder: URL;
  /** All tasks of the study, whose finished stages may be copied. */
  readonly all: readonly StudyTask[];
  readonly ended: ReadonlyMap<StudyTask, Outcome>;
}

/** Returns those of the tasks that are still running in other processes. */
async function waitingTasks(tasks: readonly StudyTask[], folder: URL): Promise<readonly WaitingTask[]> {
  const found = tasks.map(async (task) => {
    // A lock that cannot be read fails the next attempt to run the task.
    const process = await runningProcess(new URL(task.folder, folder)).catch(() => undefined);
    return process ? [{ task, process, reason: reasonToWait(process) }] : [];
  });
  return (await Promise.all(found)).flat();
}

function reasonToWait({ pid, host, isLocal, since, lock }: RunningProcess): string {
  const runs = `process ${pid}${isLocal ? "" : ` on ${host}`} is running it${since === undefined ? "" : ` since ${since}`}`;
  if (isLocal) return `${runs}.`;
  return `${runs}. This machine cannot tell whether it still runs. When it no longer does, remove ${pathOf(lock)}.`;
}

/** Runs a task and returns its outcome, or that it cannot start because another process is running it. */
async function* runTask(
  { task, index, tasks, folder, all, ended }: Place,
  { checkMemory = true, processes, command, signal }: RunStudyOptions & { readonly processes: number },
): AsyncGenerator<StudyEvent, Outcome | { readonly runsElsewhere: true }, undefined> {
  const place = new URL(task.folder, folder);
  const before = task.after && ended.get(task.after);
  // A finished run no longer needs its shared stages.
  if (before?.failure && !(await doneElsewhere(task, folder))) {
    const { message, stage } = before.failure;
    return failed(place, { message, ...(stage !== undefined && { stage }) });
  }
  const related = all.filter((other) => other !== task && isRelated(other, task)).map((other) => other.folder);
  // Folders that are no longer part of the study, such as that of a renamed arm, may also contain stages of this task.
  const reuse = [...new Set([...related, ...(await foldersLike(task, folder))])].map((other) => new URL(other, folder));
  let isStarted = false;
  let stage: string | undefined;
  try {
    const known = { ...(command !== undefined && { command }), ...(signal && { signal }) };
    const otherwise = remedyFor(place);
    const run = { folder: place, fresh: "if-changed", reuse, checkMemory, processes, otherwise, ...known } as const;
    for await (const event of runExperiment(task.experiment, run)) {
      if (!isStarted) {
        await removeFailure(place);
        yield { type: "task-start", task, index, tasks };
      }
      isStarted = true;
      if (event.type === "stage-start") ({ stage } = event);
      yield { type: "task-progress", task, event };
    }
    return { state: "done" };
  } catch (error) {
    if (signal?.aborted) throw error;
    if (MlanError.is(error, "in-use")) return { runsElsewhere: true };
    const cause = withRemedy(error, place);
    const outcome = await failed(place, { message: messageOf(cause), ...(stage !== undefined && { stage }) });
    return { ...outcome, error: cause };
  }
}

async function failed(place: URL, found: Omit<StudyFailure, "time">): Promise<Outcome> {
  const failure = { ...found, time: new Date().toISOString() };
  // Nothing can be recorded on a full disk, for example. The other runs may work, and the outcome says what failed.
  await writeFailure(place, failure).catch(() => undefined);
  return { state: "failed", failure };
}

/** Whether two tasks have a model and a seed in common, so that one may copy stages from the other. */
function isRelated(one: StudyTask, other: StudyTask): boolean {
  return one.runs.some((run) => other.runs.some(({ model, seed }) => run.model === model && run.seed === seed));
}

/** Returns the failure of a task that another process has recorded since `begin`; undefined when there is none. */
async function failedElsewhere({ folder }: StudyTask, study: URL, begin: string): Promise<Outcome | undefined> {
  const failure = await readFailure(new URL(folder, study));
  return failure && (failure.time ?? "") > begin ? { state: "failed", failure } : undefined;
}

/**
 * Returns the outcome `elsewhere` if the run in the task's folder is finished, otherwise undefined. A run that a process
 * still checks does not count: if its data have changed, this process will replace it.
 */
async function doneElsewhere({ experiment, folder }: StudyTask, study: URL): Promise<Outcome | undefined> {
  const place = new URL(folder, study);
  if (await runningProcess(place).catch(() => undefined)) return undefined;
  return (await isDone(experiment, place)) ? { state: "elsewhere" } : undefined;
}
