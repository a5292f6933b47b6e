import { type Experiment, isRunOf, type Location, planOf, runFolder, toFolderUrl } from "@mlan/core";
import { isFinished } from "./read-study.ts";
import type { Study } from "./study.ts";
import { selectedRuns, type StudySelection } from "./study-selection.ts";
import { folderOf } from "./study-tasks.ts";

export interface UsefulProcessesOptions {
  /** The study folder, which need not exist. */
  readonly folder: Location;
  /** The runs to run. Default: all. */
  readonly only?: StudySelection;
  /** Number of processes that are wanted. Default 1. */
  readonly processes?: number;
}

/**
 * Returns how many of the wanted processes may have something to do: at most one per run, and one if all runs are done.
 * While a run is left, runs that are done count too: the processors are divided among the processes, and results may
 * depend on the number of threads in their last bits, so a study that is continued needs as many processes as before.
 */
export async function usefulProcesses(
  study: Study,
  { folder: place, only, processes = 1 }: UsefulProcessesOptions,
): Promise<number> {
  const folder = toFolderUrl(place, "folder");
  const runs = selectedRuns(study, only);
  const done = await Promise.all(runs.map((run) => isDone(run.experiment, new URL(folderOf(run), folder))));
  return done.every(Boolean) ? 1 : Math.max(1, Math.min(processes, runs.length));
}

/** Whether all stages of an experiment are done in a run folder. False for a folder that cannot be read. */
export async function isDone(experiment: Experiment, folder: URL): Promise<boolean> {
  const manifest = await runFolder(folder)
    .readManifest()
    .catch(() => undefined);
  return manifest !== undefined && isRunOf(planOf(experiment), manifest) && isFinished(manifest);
}
