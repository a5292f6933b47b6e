import { isDeepStrictEqual } from "node:util";
import { messageOf } from "@mlan/errors";
import { MlanError } from "../errors.ts";
import { fileName } from "../files/file-name.ts";
import { digestOfResult, readableEntries } from "./finished-work.ts";
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
  /** Whether running the experiment or study again in the same folder recreates the file. */
  readonly isRepairable: boolean;
}

export interface Findings {
  readonly results: readonly StageResult[];
  readonly ledger: readonly LedgerEntry[];
  readonly metrics: readonly StepMetrics[];
}

/**
 * Returns the damage of a run: the answers, results and costs that differ from the manifest's records. Does not check
 * checkpoints, because hashing them takes minutes. Runs of format 1 have no recorded digests, so no damage is found in
 * them.
 */
export async function damageOf(manifest: Manifest, findings: Findings, folder: RunFolder): Promise<readonly Damage[]> {
  if (manifest.formatVersion === 1 || Object.keys(manifest.stages).length === 0) return [];
  return [
    ...(await changedAnswers(manifest, folder)),
    ...changedResults(manifest, findings.results),
    ...changedLedger(manifest, findings.ledger),
    ...changedSteps(manifest, findings.metrics),
  ];
}

/** Reads the files of a run. A damaged file is read as empty, because the run recreates it. */
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
      const file = `answers/${fileName(stage)}/${fileName(benchmark)}.jsonl`;
      const digest = await readDigest(folder.answers(stage, benchmark)).catch(unreadable);
      if (MlanError.is(digest)) {
        found.push({ file, problem: messageOf(digest).replace(/\.$/, ""), isRepairable: false });
        continue;
      }
      if (digest === record.answers) continue;
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

function unreadable(error: unknown): MlanError {
  if (MlanError.is(error)) return error;
  throw error;
}

function changedResults({ stages }: Manifest, results: readonly StageResult[]): readonly Damage[] {
  const changed: string[] = [];
  for (const [stage, { evaluated = {} }] of Object.entries(stages)) {
    for (const [benchmark, record] of Object.entries(evaluated)) {
      const result = results.find((one) => one.stage === stage && one.benchmark === benchmark);
      const isWhole = result !== undefined && digestOfResult(result) === record.result;
      if (!isWhole) changed.push(`${benchmark} at ${stage}`);
    }
  }
  // A stage that is still running writes its result before the manifest records it.
  const unknown = results.filter(
    ({ stage, benchmark }) => (stages[stage]?.done ?? true) && stages[stage]?.evaluated?.[benchmark] === undefined,
  );
  changed.push(...unknown.map(({ stage, benchmark }) => `${benchmark} at ${stage}`));
  if (changed.length === 0) return [];
  const problem = `results.json was edited or damaged: the result of ${changed.join(", ")}`;
  return [{ file: "results.json", problem, isRepairable: true }];
}

/** The ledger is written after all stages are done. */
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

/** Checks only finished training stages: the trainer of an unfinished stage still supplies its steps. */
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
