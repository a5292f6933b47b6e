import { MlanError, shownValue } from "@mlan/core";
import type { Study, StudyRun } from "./study.ts";
import type { StudyTask } from "./study-tasks.ts";

/** Selects runs of a study by model, arm and seed. A list that is absent or empty selects all. */
export interface StudySelection {
  readonly models?: readonly string[];
  readonly arms?: readonly string[];
  readonly seeds?: readonly number[];
}

/**
 * Returns the selected runs of a study. Default: all. Throws `invalid-options` for a model, an arm or a seed that the
 * study does not have.
 */
export function selectedRuns(
  { models, arms, seeds, runs }: Pick<Study, "models" | "arms" | "seeds" | "runs">,
  only: StudySelection = {},
): readonly StudyRun[] {
  const isModel = memberOf("model", only.models, models);
  const isArm = memberOf(
    "arm",
    only.arms,
    arms.map(({ name }) => name),
  );
  const isSeed = memberOf("seed", only.seeds, seeds);
  return runs.filter(({ model, arm, seed }) => isModel(model) && isArm(arm) && isSeed(seed));
}

export interface UsefulProcessesOptions {
  /** The runs to run. Default: all. */
  readonly only?: StudySelection;
  /** Number of processes that are wanted. Default 1. */
  readonly processes?: number;
}

/**
 * Returns how many of the wanted processes may have something to do: at most one per run. Runs that are done count too.
 * Whether their data have changed is known only after it has been read. Also, the processors are divided among the
 * processes, and the last bits of results may depend on the number of threads, so a study that is continued needs as
 * many processes as before.
 */
export function usefulProcesses(study: Study, { only, processes = 1 }: UsefulProcessesOptions = {}): number {
  return Math.max(1, Math.min(processes, selectedRuns(study, only).length));
}

/** Returns the tasks that the selected runs need, in the given order. */
export function selectedTasks(tasks: readonly StudyTask[], selected: readonly StudyRun[]): readonly StudyTask[] {
  return tasks.filter(({ runs }) => runs.some((run) => selected.includes(run)));
}

function memberOf<Value>(
  what: string,
  wanted: readonly Value[] = [],
  all: readonly Value[],
): (value: Value) => boolean {
  const unknown = wanted.find((value) => !all.includes(value));
  if (unknown === undefined) return (value) => wanted.length === 0 || wanted.includes(value);
  throw new MlanError(
    "invalid-options",
    `study: there is no ${what} ${shownValue(unknown)}. Use one of: ${all.join(", ")}.`,
  );
}
