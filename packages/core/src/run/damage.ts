import { isDeepStrictEqual } from "node:util";
import { fileName } from "../files/file-name.ts";
import { readableEntries, recordOf } from "./finished-work.ts";
import { type LedgerEntry, ledgerEntry, type StepMetrics } from "./ledger.ts";
import type { Manifest } from "./manifest.ts";
import { readDigest } from "../files/read-digest.ts";
import type { RunFolder } from "./run-folder.ts";
import type { StageResult } from "./stage.ts";

/** A file in a run folder that differs from what the run wrote. */
export interface Damage {
  /** Relative to the run folder, e.g. "results.json". */
  readonly file: string;
  /** What is wrong, e.g. "results.json was edited or damaged: the result of boolq at tuned". */
  readonly problem: string;
  /** Whether running the experiment again in the folder recreates it. */
  readonly isRepairable: boolean;
}

/** The current content of a run's files. */
export interface Findings {
  readonly results: readonly StageResult[];
  readonly ledger: readonly LedgerEntry[];
  readonly metrics: readonly StepMetrics[];
}

/**
 * Returns the answers, results and costs of a run that differ from what the manifest recorded. Checkpoints are not
 * checked, since hashing them takes minutes. Runs of format 1 recorded no digests, so no damage is found.
 */
export async function damageOf(manifest: Manifest, findings: Findings, folder: RunFolder): Promise<readonly Damage[]> {
  if (manifest.formatVersion === 1 || Object.keys(manifest.stages).length === 0) return [];
  return [
    ...(await changedAnswers(manifest, folder)),
    ...(await changedResults(manifest, findings.results, folder)),
    ...changedLedger(manifest, findings.ledger),
    ...changedSteps(manifest, findings.metrics),
  ];
}

/** Reads the files of a run. Damaged files count as empty, since the run recreates them. */
export async function readableFindings(folder: RunFolder): Promise<Findings> {
  return {
    results: await readableEntries(() => folder.readResults()),
    ledger: await readableEntries(() => folder.readLedger()),
    metrics: await folder.metrics.readWhole(),
  };
}

async function changedAnswers({ stages }: Manifest, folder: RunFolder): Promise<readonly Damage[]> {
  const found: Damage[] = [];
  for (const [stage, { evaluated = {} }] of Object.entries(stages)) {
    for (const [benchmark, record] of Object.entries(evaluated)) {
      const digest = await readDigest(folder.answers(stage, benchmark));
      if (digest === record.answers) continue;
      const file = `answers/${fileName(stage)}/${fileName(benchmark)}.jsonl`;
      const state = digest === undefined ? "are missing" : "were edited or damaged";
      found.push({
        file,
        problem: `the answers to ${benchmark} at ${stage} ${state}: ${file}`,
        isRepairable: true,
      });
    }
  }
  return found;
}

async function changedResults(
  { stages }: Manifest,
  results: readonly StageResult[],
  folder: RunFolder,
): Promise<readonly Damage[]> {
  const changed: string[] = [];
  for (const [stage, { evaluated = {} }] of Object.entries(stages)) {
    for (const [benchmark, record] of Object.entries(evaluated)) {
      const result = results.find((one) => one.stage === stage && one.benchmark === benchmark);
      const isWhole = result !== undefined && (await recordOf(result, folder)).result === record.result;
      if (!isWhole) changed.push(`${benchmark} at ${stage}`);
    }
  }
  // A running stage writes its result before the manifest records it.
  const unknown = results.filter(
    ({ stage, benchmark }) => (stages[stage]?.done ?? true) && stages[stage]?.evaluated?.[benchmark] === undefined,
  );
  changed.push(...unknown.map(({ stage, benchmark }) => `${benchmark} at ${stage}`));
  if (changed.length === 0) return [];
  const problem = `results.json was edited or damaged: the result of ${changed.join(", ")}`;
  return [{ file: "results.json", problem, isRepairable: true }];
}

/** The ledger is written once all stages are done. */
function changedLedger({ plan, stages }: Manifest, ledger: readonly LedgerEntry[]): readonly Damage[] {
  const kept = plan.stages.flatMap(({ name }) => (stages[name]?.done === true ? (stages[name].ledger ?? []) : []));
  const isAtEnd = plan.stages.every(({ name }) => stages[name]?.done === true);
  const written = kept.filter(({ stage }) => isAtEnd || ledger.some((entry) => entry.stage === stage));
  const changed = written.filter((entry) => !ledger.some((found) => isDeepStrictEqual(found, entry)));
  const unknown = ledger.filter(
    ({ stage }) => !kept.some((entry) => entry.stage === stage) && (stages[stage]?.done ?? true),
  );
  const names = [...changed, ...unknown].map(({ stage }) => stage);
  if (names.length === 0) return [];
  const problem = `ledger.json was edited or damaged: the cost of ${names.join(", ")}`;
  return [{ file: "ledger.json", problem, isRepairable: true }];
}

/** Checks finished training stages only: the trainer of an unfinished one still supplies its steps. */
function changedSteps({ plan, stages }: Manifest, metrics: readonly StepMetrics[]): readonly Damage[] {
  const changed = plan.stages.flatMap(({ name }) => {
    const { done = false, ledger } = { ...stages[name] };
    if (!done || ledger === undefined) return [];
    const steps = metrics.filter(({ stage }) => stage === name);
    return isDeepStrictEqual(ledgerEntry(name, steps), { ...ledger }) ? [] : [name];
  });
  if (changed.length === 0) return [];
  const problem = `metrics.jsonl was edited or damaged: the steps of ${changed.join(
    ", ",
  )}. It cannot be recreated; costs and results do not depend on it`;
  return [{ file: "metrics.jsonl", problem, isRepairable: false }];
}
