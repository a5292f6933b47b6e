import { counted, readRun, type StageResult } from "@mlan/core";
import { readStudy, type StudyRecord, type StudyRunRecord, type StudySelection } from "@mlan/study";
import { textTable } from "@mlan/eval-kit";
import { resultsTable } from "../terminal/results-table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** With more runs per arm, the tables would be longer than a screen, and the means over seeds say more. */
const MOST_TABLES = 2;

/** Prints the state and the results of the selected runs of a study. Returns whether one of them failed. */
export async function printStudy(folder: URL, only: StudySelection | undefined, terminal: Terminal): Promise<boolean> {
  const record = await readStudy(folder);
  const runs = record.runs.filter((run) => isSelected(run, only));
  const groups = [...new Set(runs.map(groupOf))];
  const width = terminal.columns();
  for (const group of groups.length > MOST_TABLES ? [] : groups) {
    const results = await resultsOf(runs.filter((run) => groupOf(run) === group));
    if (results.length === 0) continue;
    const arms = record.arms.map(({ name }) => name);
    terminal.print(["", `${group}`, "", ...resultsTable(results, { stages: arms, width })].join("\n"));
  }
  terminal.print(["", ...stateTable(record, runs, width), ""].join("\n"));
  const failed = runs.filter(({ state }) => state === "failed");
  if (failed.length > 0) {
    terminal.note(`${counted(failed.length, "run")} failed. The same command tries them again.`);
  }
  return failed.length > 0;
}

function isSelected({ model, arm, seed }: StudyRunRecord, { models, arms, seeds }: StudySelection = {}): boolean {
  return (models?.includes(model) ?? true) && (arms?.includes(arm) ?? true) && (seeds?.includes(seed) ?? true);
}

function groupOf({ model, seed }: StudyRunRecord): string {
  return `${model}, seed ${seed}`;
}

/** Returns the outcome of each run, with the arm in place of the stage. */
async function resultsOf(runs: readonly StudyRunRecord[]): Promise<readonly StageResult[]> {
  const found: StageResult[] = [];
  for (const { folder, arm, evaluation, state } of runs) {
    if (state === "waiting" || state === "changed") continue;
    const run = await readRun(folder).catch(() => undefined);
    const results = run?.results.filter(({ stage }) => stage === evaluation) ?? [];
    found.push(...results.map((result) => ({ ...result, stage: arm })));
  }
  return found;
}

function stateTable({ name }: StudyRecord, runs: readonly StudyRunRecord[], width: number): readonly string[] {
  const columns = [
    { title: "arm", align: "left", key: true },
    { title: "model", align: "left" },
    { title: "seed", align: "right" },
    { title: "state", align: "left" },
    { title: "shared stages", align: "left" },
    { title: "problem", align: "left" },
  ] as const;
  const rows = runs.map(({ arm, model, seed, state, stages, failure }) => {
    const copied = stages.flatMap((stage) => (stage.copiedFrom ? stage.name : []));
    return [arm, model, String(seed), state, copied.join(", "), failure ? firstLine(failure.message) : ""];
  });
  return [`Runs of ${name}`, "", ...textTable({ columns, rows }, width)];
}

function firstLine(text: string): string {
  const [line = ""] = text.split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
