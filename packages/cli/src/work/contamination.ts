import { type Experiment, MlanError } from "@mlan/core";
import type { ContaminationReport } from "@mlan/eval-contamination";
import { estimate, outcomeOf, storedEvaluations, type TextColumn, textTable } from "@mlan/eval-kit";
import { benchmarksOf } from "../project/benchmark-plugin.ts";
import { count, percentWithError } from "@mlan/run-view";
import { withInstallHint } from "../project/install-hint.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface FindContaminationOptions {
  /** The folder of the run to score with and without the questions that were found. Undefined: no run is scored. */
  readonly folder: URL | undefined;
  /** Number of findings to print per benchmark. */
  readonly show: number;
  readonly terminal: Terminal;
}

export interface FoundContamination {
  readonly lines: readonly string[];
  /** The parts of the run that could not be scored, each with the reason and the remedy. */
  readonly problems: readonly string[];
}

/** Finds the questions of an experiment's benchmarks in the data of its training stages. */
export async function findContamination(
  experiment: Experiment,
  { folder, show, terminal }: FindContaminationOptions,
): Promise<FoundContamination> {
  const { contamination, contaminationTable } = await withInstallHint(() => import("@mlan/eval-contamination"));
  const benchmarks = benchmarksOf(experiment);
  const lines: string[] = [];
  const reports: ContaminationReport[] = [];
  for (const { name, data } of experiment.stages) {
    if (!data) continue;
    const report = await contamination({
      mixture: data,
      benchmarks,
      onProgress: ({ reading, done, total }) => terminal.redraw(`${reading}  ${count(done)}/${count(total)}`),
    });
    reports.push(report);
    lines.push(...(lines.length > 0 ? [""] : []), `Stage ${name}`, "", ...contaminationTable(report, { leaks: show }));
  }
  if (reports.length === 0) {
    throw new MlanError(
      "invalid-options",
      `${experiment.name} has no training stage, so there is no training data to search.`,
    );
  }
  if (!folder) return { lines, problems: [] };
  const scores = await cleanScoresOf(experiment, reports, folder, terminal.columns());
  return { lines: [...lines, ...scores.lines], problems: scores.problems };
}

const COLUMNS: readonly TextColumn[] = [
  { title: "stage", align: "left", key: true },
  { title: "benchmark", align: "left", key: true },
  { title: "metric", align: "left", key: true },
  { title: "all", align: "right" },
  { title: "clean", align: "right" },
  { title: "left out", align: "right" },
];

/** Scores a run on all questions, and on those that were not found in the training data. */
async function cleanScoresOf(
  experiment: Experiment,
  reports: readonly ContaminationReport[],
  folder: URL,
  width: number,
): Promise<FoundContamination> {
  const { cleanPart } = await import("@mlan/eval-contamination");
  const benchmarks = new Map(benchmarksOf(experiment).map((benchmark) => [benchmark.name, benchmark]));
  const found = reports.flatMap((report) => report.benchmarks);
  const { evaluations, damaged } = await storedEvaluations(folder);
  const rows = evaluations.flatMap(({ stage, header, records }) => {
    const [metric] = Object.entries(benchmarks.get(header.benchmark)?.protocol(header.protocol).metrics ?? {});
    if (!metric) return [];
    const all = records.map(outcomeOf);
    const clean = found
      .filter(({ benchmark }) => benchmark === header.benchmark)
      .reduce<readonly (typeof all)[number][]>((left, report) => cleanPart(left, report).clean, all);
    const text = (outcomes: typeof clean): string => {
      if (outcomes.length === 0) return "";
      const { value, standardError } = estimate("mlan contamination", ...metric, outcomes);
      return percentWithError(value, standardError);
    };
    return [[stage, header.benchmark, metric[0], text(all), text(clean), count(all.length - clean.length)]];
  });
  const table = ["Scores in %, ± standard error", "", ...textTable({ columns: COLUMNS, rows }, width)];
  const stored = [...evaluations.map(({ header }) => header.benchmark), ...damaged.map(({ benchmark }) => benchmark)];
  const unasked = [...new Set(stored)].filter((name) => !benchmarks.has(name));
  const unscored =
    `Not searched for and not scored: ${unasked.join(", ")}. The run has answers to them, but ${experiment.name} does ` +
    "not evaluate them.";
  return {
    lines: [...(rows.length > 0 ? ["", ...table] : []), ...(unasked.length > 0 ? ["", unscored] : [])],
    problems: damaged.map(
      ({ stage, benchmark, error }) => `the answers to ${benchmark} at ${stage} were not scored: ${error.message}`,
    ),
  };
}
