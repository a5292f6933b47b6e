import { type Benchmark, counted } from "@mlan/core";
import {
  type Disagreement,
  disagreements,
  estimate,
  type Rescored,
  rescore,
  type StoredEvaluation,
  storedEvaluations,
} from "@mlan/eval-kit";
import { benchmarkPlugin } from "./benchmark-plugin.ts";
import { count, percent, percentWithError } from "./format-number.ts";
import { type TextColumn, textTable } from "./text-table.ts";

export interface ScoreOptions {
  /** Of other makers than the installed plugins of their names. */
  readonly benchmarks: readonly Benchmark[];
  /** Disagreements to print of each benchmark. */
  readonly show: number;
  /** Characters per line. */
  readonly width: number;
}

/** The stored answers of a run as every extractor reads them, as lines. Throws `run-folder` when there are none. */
export async function scoreRun(folder: URL, options: ScoreOptions): Promise<readonly string[]> {
  const { benchmarks, show, width } = options;
  const own = new Map(benchmarks.map((benchmark) => [benchmark.name, benchmark]));
  const rows: (readonly string[])[] = [];
  const examples: string[] = [];
  for (const evaluation of await storedEvaluations(folder)) {
    const { stage, header, records } = evaluation;
    if (header.evaluator === "likelihood") {
      rows.push([stage, header.benchmark, "(ranked choices: nothing is read)", "", "", "", count(records.length)]);
      continue;
    }
    const benchmark = own.get(header.benchmark) ?? (await benchmarkPlugin(header.benchmark));
    const rescored = rescore(records, benchmark.extractors);
    rows.push(...rescored.map((one, place) => rowOf(evaluation, benchmark, rescored, one, place === 0)));
    const disputed = disagreements(records, rescored);
    if (show > 0 && disputed.length > 0) examples.push("", ...shown(evaluation, rescored, disputed, show));
  }
  return [
    "Stored answers as every extractor reads them (* the run's own), headline metric in %, ± standard error",
    "",
    ...textTable({ columns: COLUMNS, rows }, width),
    ...examples,
  ];
}

const COLUMNS: readonly TextColumn[] = [
  { title: "stage", align: "left", key: true },
  { title: "benchmark", align: "left", key: true },
  { title: "extractor", align: "left", key: true },
  { title: "score", align: "right" },
  { title: "unreadable", align: "right" },
  { title: "judged otherwise", align: "right" },
  { title: "n", align: "right" },
];

function rowOf(
  { stage, header, records }: StoredEvaluation,
  benchmark: Benchmark,
  all: readonly Rescored[],
  { extractor, outcomes, unreadable }: Rescored,
  first: boolean,
): readonly string[] {
  const [headline] = Object.entries(benchmark.protocol(header.protocol).metrics);
  const own = all.find((one) => one.extractor.name === header.extractor.name);
  const otherwise = outcomes.filter(({ correct }, place) => correct !== own?.outcomes[place]?.correct).length;
  const score = headline && estimate("mlan score", ...headline, outcomes);
  return [
    first ? stage : "",
    first ? `${header.benchmark} (${header.protocol})` : "",
    `${extractor.name}@${extractor.version}${extractor.name === header.extractor.name ? " *" : ""}`,
    score ? percentWithError(score.value, score.standardError) : "",
    percent(unreadable / Math.max(1, records.length)),
    own === undefined || extractor.name === own.extractor.name ? "" : count(otherwise),
    first ? answered(records.length, header.questions) : "",
  ];
}

/** Of a run under way, or of one whose answers were damaged, the answers are fewer than the questions. */
function answered(answers: number, questions: number): string {
  return answers === questions ? count(answers) : `${count(answers)} of ${count(questions)}`;
}

function shown(
  { stage, header }: StoredEvaluation,
  rescored: readonly Rescored[],
  disputed: readonly Disagreement[],
  show: number,
): readonly string[] {
  const names = rescored.map(({ extractor }) => extractor.name);
  return [
    `${header.benchmark} at ${stage}: extractors disagree on ${counted(disputed.length, "answer")}`,
    ...disputed.slice(0, show).map(({ id, answer, target, extracted, correct }) => {
      const readings = names.map((name, place) => {
        const read = extracted[place];
        return `${name} ${read === undefined ? "nothing" : JSON.stringify(read)}${correct[place] ? " (right)" : ""}`;
      });
      return `  ${id}: ${JSON.stringify(answer)}, target ${JSON.stringify(target)}: ${readings.join(", ")}`;
    }),
  ];
}
