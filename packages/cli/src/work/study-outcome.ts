import { counted } from "@mlan/core";
import { type View, viewOfStudy } from "@mlan/run-view";
import { readStudy, type StudyRecord, type StudyRunRecord, type StudyRunState, type StudySelection } from "@mlan/study";
import { textTable } from "@mlan/eval-kit";
import { damageIn, isComplete } from "./damage.ts";
import { pairsTable } from "../terminal/pairs-table.ts";
import { resultsTable } from "../terminal/results-table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * Prints the states and the results of the selected runs of a study. Returns whether any of these runs failed or cannot
 * be read.
 */
export async function printStudy(folder: URL, only: StudySelection | undefined, terminal: Terminal): Promise<boolean> {
  const record = await readStudy(folder);
  const runs = record.runs.filter((run) => isSelected(run, only));
  terminal.print(["", ...(await studyLines({ ...record, runs }, terminal.columns())).lines, ""].join("\n"));
  const countOf = (wanted: StudyRunState): number => runs.filter(({ state }) => state === wanted).length;
  const [failed, unreadable] = [countOf("failed"), countOf("unreadable")];
  if (failed > 0) terminal.note(`${counted(failed, "run")} failed. The same command runs failed runs again.`);
  if (unreadable > 0) {
    terminal.note(
      `${counted(unreadable, "run")} cannot be read, and will not run again before the problem shown above is solved.`,
    );
  }
  return failed + unreadable > 0;
}

export interface StudyLines {
  readonly lines: readonly string[];
  /** See {@link isComplete}. */
  readonly isComplete: boolean;
}

/**
 * Returns tables of a study's results, one per model, and of its runs, in lines of at most `width` characters; then the
 * problems of its runs, each on one line.
 */
export async function studyLines(record: StudyRecord, width: number): Promise<StudyLines> {
  const view = await viewOfStudy(record);
  const tables = record.models.flatMap((model) => {
    const part = partOf(view, model);
    if (part.results.length === 0) return [];
    const pairs = pairsTable(part, width);
    return [
      headOf(model, record.runs),
      "",
      ...(pairs.length > 0 ? [...pairs, ""] : []),
      ...resultsTable(part, width),
      "",
    ];
  });
  const problems = view.runs.flatMap(({ id, state, problem }) =>
    problem !== undefined && (state === "failed" || state === "unreadable") ? [`${id}: ${problem}`] : [],
  );
  const damage = damageIn(view).map(({ run, text }) => `${run}: ${text}`);
  const lines = [...problems, ...damage];
  return {
    lines: [...tables, ...stateTable(record, width), ...(lines.length > 0 ? ["", ...lines] : [])],
    isComplete: isComplete(view),
  };
}

function isSelected({ model, arm, seed }: StudyRunRecord, { models, arms, seeds }: StudySelection = {}): boolean {
  return (models?.includes(model) ?? true) && (arms?.includes(arm) ?? true) && (seeds?.includes(seed) ?? true);
}

function headOf(model: string, runs: readonly StudyRunRecord[]): string {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  return seeds.length === 1 ? `${model}, seed ${seeds[0]}` : `${model}, means over the seeds ${seeds.join(", ")}`;
}

type StudyPart = Pick<View, "models" | "benchmarks" | "results" | "pairs" | "warnings">;

/** Returns the part of the view for one backbone. The labels of its models are the names of the arms. */
function partOf({ models, benchmarks, results, pairs, warnings }: View, backbone: string): StudyPart {
  const own = models.filter((model) => model.backbone === undefined || model.backbone === backbone);
  const ids = new Set(own.map(({ id }) => id));
  return {
    models: own.map((model) => ({ ...model, label: model.arm ?? model.label })),
    benchmarks,
    results: results.filter(({ model }) => ids.has(model)),
    pairs: pairs.filter(({ model }) => ids.has(model)),
    warnings: models.length === own.length ? warnings : [],
  };
}

function stateTable({ name, runs }: StudyRecord, width: number): readonly string[] {
  const columns = [
    { title: "arm", align: "left", key: true },
    { title: "model", align: "left" },
    { title: "seed", align: "right" },
    { title: "state", align: "left" },
    { title: "shared stages", align: "left" },
  ] as const;
  const rows = runs.map(({ arm, model, seed, state, stages }) => {
    const copied = stages.flatMap((stage) => (stage.copiedFrom ? stage.name : []));
    return [arm, model, String(seed), state, copied.join(", ")];
  });
  return [`Runs of ${name}`, "", ...textTable({ columns, rows }, width)];
}
