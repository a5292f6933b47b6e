import {
  type Experiment,
  type ExperimentPlan,
  isRunOf,
  leftWithoutManifest,
  type Location,
  type Manifest,
  messageOf,
  MlanError,
  pathOf,
  planOf,
  runFolder,
  runningProcess,
  toFolderUrl,
} from "@mlan/core";
import { readFailure, remedyFor, type StudyFailure } from "./failure-file.ts";
import type { StudyArm, StudyVariation } from "./study.ts";
import { readStudyFile, type StudyFileRun } from "./study-file.ts";

/**
 * The content of a study folder as plain data, whether the study has finished or not. The results, costs and curves of
 * a run are in its run folder: `readRun(run.folder)` of core.
 */
export interface StudyRecord {
  /** The study folder. Ends in a slash. */
  readonly folder: URL;
  readonly name: string;
  /** When the study was first started in the folder, ISO 8601. */
  readonly created: string;
  readonly models: readonly string[];
  readonly arms: readonly StudyArm[];
  readonly seeds: readonly number[];
  /** The name of the base arm. Each other arm is compared with it on the same model and seed. */
  readonly base: string;
  /** The runs, one per seed, model and arm, in the order in which they start. */
  readonly runs: readonly StudyRunRecord[];
}

export interface StudyRunRecord extends StudyVariation {
  /** The run folder, which may not exist yet. Ends in a slash. */
  readonly folder: URL;
  /** The stages in order. */
  readonly stages: readonly StudyStageRecord[];
  /**
   * The name of the last evaluation stage. Its results are compared between arms. Absent when the run has no evaluation
   * stage.
   */
  readonly evaluation?: string;
  readonly state: StudyRunState;
  /**
   * Set, whatever the `state`, when the run in the folder has other stages or plugins than the study has now. The
   * results of this run do not belong to the study.
   */
  readonly hasChanged?: true;
  /** Present when `state` is `failed` or `unreadable`. */
  readonly failure?: StudyFailure;
}

export interface StudyStageRecord {
  readonly name: string;
  readonly kind: string;
  readonly settings: unknown;
  readonly done: boolean;
  /**
   * The run folder from which the stage was copied. All copies of a stage, and the stage in this folder, have the same
   * results and ran only once, so their cost counts once. Absent when the run did the work itself.
   */
  readonly copiedFrom?: URL;
}

/**
 * - `waiting`: not started.
 * - `running`: a process is working in the run folder.
 * - `stopped`: started but not finished, and no process is working in the run folder.
 * - `done`: all stages are done.
 * - `failed`: the last start ended with an error. Earlier stages may have results.
 * - `unreadable`: the folder is damaged, or was written by a newer version.
 * - `changed`: the folder contains a run with other stages or plugins than the study has now.
 */
export type StudyRunState = "waiting" | "running" | "stopped" | "done" | "failed" | "unreadable" | "changed";

/**
 * Reads a study folder without changing it. A run whose folder cannot be read has the state `unreadable`. Throws
 * `run-folder` when the folder is not a study folder.
 */
export async function readStudy(folder: Location): Promise<StudyRecord> {
  const url = toFolderUrl(folder, "folder");
  const file = await readStudyFile(url);
  if (!file) {
    const message = `${pathOf(url)} is not a study folder: it has no study.json. Give the folder of a study.`;
    throw new MlanError("run-folder", message);
  }
  const { name, created, models, arms, seeds, base } = file;
  const runs = await Promise.all(file.runs.map((run) => recordOf(run, url)));
  return { folder: url, name, created, models, arms, seeds, base, runs };
}

/** Whether a folder is a study folder, even one that is damaged or was written by a newer version. */
export async function isStudyFolder(folder: Location): Promise<boolean> {
  return readStudyFile(toFolderUrl(folder, "folder")).then(
    (file) => file !== undefined,
    () => true,
  );
}

async function recordOf({ folder: path, plan, ...run }: StudyFileRun, study: URL): Promise<StudyRunRecord> {
  const folder = new URL(path, study);
  const planned = plan.stages.map((stage) => ({ ...stage, done: false }));
  try {
    const manifest = await runFolder(folder, remedyFor(folder)).readManifest();
    if (!manifest) await refuseContentWithoutManifest(folder, plan);
    const failure = await readFailure(folder);
    const hasChanged = manifest !== undefined && !isRunOf(plan, manifest);
    const state = await stateOf(folder, manifest && { manifest, isCurrent: !hasChanged }, failure);
    const stages = manifest && !hasChanged ? stagesOf(manifest, folder) : planned;
    return {
      ...run,
      folder,
      stages,
      state,
      ...(hasChanged && { hasChanged }),
      ...(state === "failed" && failure && { failure }),
    };
  } catch (error) {
    return { ...run, folder, stages: planned, state: "unreadable", failure: { message: messageOf(error) } };
  }
}

/** Throws `run-folder` when a folder without a manifest contains answers or checkpoints of a run that is not running. */
async function refuseContentWithoutManifest(folder: URL, { stages }: ExperimentPlan): Promise<void> {
  const names = stages.map(({ name }) => name);
  const left = await leftWithoutManifest(runFolder(folder), names);
  if (left === undefined || (await runningProcess(folder))) return;
  const message = `${pathOf(folder)} contains ${left} but no manifest.json. Restore manifest.json, or ${remedyFor(folder)}.`;
  throw new MlanError("run-folder", message);
}

async function stateOf(
  folder: URL,
  found: { readonly manifest: Manifest; readonly isCurrent: boolean } | undefined,
  failure: StudyFailure | undefined,
): Promise<StudyRunState> {
  if (await runningProcess(folder)) return "running";
  if (failure) return "failed";
  if (!found) return "waiting";
  if (!found.isCurrent) return "changed";
  return isFinished(found.manifest) ? "done" : "stopped";
}

/** Whether all stages of an experiment are done in a run folder. False for a folder that cannot be read. */
export async function isDone(experiment: Experiment, folder: URL): Promise<boolean> {
  const manifest = await runFolder(folder)
    .readManifest()
    .catch(() => undefined);
  return manifest !== undefined && isRunOf(planOf(experiment), manifest) && isFinished(manifest);
}

/** Whether all stages of a run are done. */
function isFinished({ plan, stages }: Manifest): boolean {
  return plan.stages.every(({ name }) => stages[name]?.done === true);
}

function stagesOf({ plan, stages }: Manifest, folder: URL): readonly StudyStageRecord[] {
  return plan.stages.map((stage) => {
    const { done = false, copiedFrom } = { ...stages[stage.name] };
    return { ...stage, done, ...(copiedFrom !== undefined && { copiedFrom: new URL(copiedFrom, folder) }) };
  });
}
