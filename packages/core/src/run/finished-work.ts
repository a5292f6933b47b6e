import { createHash } from "node:crypto";
import type { Experiment } from "./experiment.ts";
import type { EvaluationRecord, Manifest } from "./manifest.ts";
import { readDigest } from "../files/read-digest.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Stage, StageResult } from "./stage.ts";
import { currentResult } from "./current-result.ts";

/**
 * The results of a run, except those that have changed since they were written, and those whose answers have changed.
 */
export interface RunResults {
  /** Returns the results in the order of the stages, then of the benchmarks. */
  all(): readonly StageResult[];
  of(stage: string): readonly StageResult[];
  /**
   * Returns a result that is unchanged since it was written, even if its answers have changed. Undefined when there is
   * none.
   */
  known(result: Pick<StageResult, "stage" | "benchmark">): StageResult | undefined;
  /** Writes a result in place of an earlier one. Returns the record for the manifest. */
  write(result: StageResult): Promise<EvaluationRecord>;
  /** Writes all results again, because the file may have been edited. */
  rewrite(): Promise<void>;
}

/**
 * Reads the unchanged results in the folder. A result is left out, and its benchmark evaluated again, if the result was
 * edited or its answers were changed or removed.
 */
export async function runResults(
  { stages }: Pick<Experiment, "stages">,
  { stages: begun }: Manifest,
  folder: RunFolder,
): Promise<RunResults> {
  const asked = stages.flatMap(({ name, asks }) =>
    (asks?.benchmarks ?? []).map((benchmark) => placeOf({ stage: name, benchmark: benchmark.name })),
  );
  const results = new Map<string, StageResult>();
  const known = new Map<string, StageResult>();
  for (const result of Object.keys(begun).length === 0 ? [] : await readableEntries(() => folder.readResults())) {
    const record = begun[result.stage]?.evaluated?.[result.benchmark];
    const found = await recordOf(result, folder);
    if (record?.result !== found.result) continue;
    known.set(placeOf(result), result);
    if (record.answers === found.answers) results.set(placeOf(result), result);
  }
  /** The results as stored, to which the manifest's digests refer. */
  const stored = (): readonly StageResult[] => {
    const places = new Set([...asked, ...results.keys()]);
    return [...places].flatMap((place) => results.get(place) ?? []);
  };
  const all = (): readonly StageResult[] => stored().map(currentResult);
  return {
    all,
    known: (result) => known.get(placeOf(result)),
    of: (stage) => all().filter((result) => result.stage === stage),
    async write(result) {
      results.set(placeOf(result), result);
      await folder.writeResults(stored());
      return recordOf(result, folder);
    },
    rewrite: () => folder.writeResults(stored()),
  };
}

/** Returns the stage's benchmarks without an unchanged result. */
export function unfinished({ name, asks }: Stage, results: RunResults): ReadonlySet<string> {
  const finished = new Set(results.of(name).map(({ benchmark }) => benchmark));
  const names = (asks?.benchmarks ?? []).map((benchmark) => benchmark.name);
  return new Set(names.filter((benchmark) => !finished.has(benchmark)));
}

/** Whether a stage is done: it has a final checkpoint, or an unchanged result for each benchmark. */
export function stageIsDone(stage: Stage, { stages }: Manifest, results: RunResults): boolean {
  const status = stages[stage.name];
  if (status?.done !== true) return false;
  return stage.kind === "train" ? status.checkpoint !== undefined : unfinished(stage, results).size === 0;
}

/** Returns the entries of a file, or no entries if the file is damaged, because the run recreates it. */
export async function readableEntries<Entry>(read: () => Promise<readonly Entry[]>): Promise<readonly Entry[]> {
  try {
    return await read();
  } catch (error) {
    const isUnreadable = Object(Object(error).cause).syscall !== undefined;
    if (isUnreadable) throw error;
    return [];
  }
}

function placeOf({ stage, benchmark }: Pick<StageResult, "stage" | "benchmark">): string {
  return JSON.stringify([stage, benchmark]);
}

async function recordOf(result: StageResult, folder: RunFolder): Promise<EvaluationRecord> {
  const answers = await readDigest(folder.answers(result.stage, result.benchmark));
  return { result: digestOfResult(result), ...(answers !== undefined && { answers }) };
}

export function digestOfResult(result: StageResult): string {
  return createHash("sha256").update(JSON.stringify(result)).digest("hex");
}
