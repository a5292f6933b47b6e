import { type Benchmark, counted, MlanError } from "@mlan/core";
import {
  type Disagreement,
  disagreements,
  estimate,
  type Rescored,
  rescore,
  type StoredEvaluation,
  storedEvaluations,
} from "@mlan/eval-kit";
import { installedBenchmark } from "../project/benchmark-plugin.ts";
import { damageLines } from "../terminal/damage-lines.ts";
import { errorText } from "../project/error-text.ts";
import { count, percent, percentWithError } from "../terminal/format-number.ts";
import { OUR_PACKAGES } from "../project/our-packages.ts";
import { type TextColumn, textTable } from "../terminal/text-table.ts";

export interface ScoreOptions {
  /** Of other makers than the installed plugins of their names. */
  readonly benchmarks: readonly Benchmark[];
  /** As `benchmarks`, of an experiment that may have asked more than the run keeps. */
  readonly asked: readonly Benchmark[];
  /** Disagreements to print of each benchmark. */
  readonly show: number;
  /** Characters per line. */
  readonly width: number;
}

export interface ScoredRun {
  /** The table and the disagreements; none when nothing could be scored. */
  readonly lines: readonly string[];
  /** What could not be scored, each with its reason and the way out. */
  readonly problems: readonly string[];
}

/**
 * The stored answers of a run as every extractor reads them. A benchmark that is not found, or whose answers are
 * damaged, keeps no other from being scored. Throws `run-folder` when there are no answers.
 */
export async function scoreRun(folder: URL, options: ScoreOptions): Promise<ScoredRun> {
  const { benchmarks, asked, show, width } = options;
  const { evaluations, damaged } = await storedEvaluations(folder);
  const own = new Map([...asked, ...benchmarks].map((benchmark) => [benchmark.name, benchmark]));
  const rows: (readonly string[])[] = [];
  const examples: string[] = [];
  const kept = [
    ...new Set([...evaluations.map(({ header }) => header.benchmark), ...damaged.map(({ benchmark }) => benchmark)]),
  ];
  const unasked = benchmarks.filter(({ name }) => !kept.includes(name));
  const problems = new Set(
    unasked.map(({ name }) => `the run keeps no answers to ${name}; it has ${kept.join(", ")}.`),
  );
  for (const evaluation of evaluations) {
    const { stage, header, records } = evaluation;
    if (records.length < header.questions) problems.add(incomplete(evaluation));
    if (header.evaluator === "likelihood") {
      rows.push([stage, header.benchmark, "(ranked choices: nothing is read)", "", "", "", count(records.length)]);
      continue;
    }
    try {
      const benchmark = own.get(header.benchmark) ?? (await installedBenchmark(header.benchmark));
      const rescored = rescore(records, benchmark.extractors);
      rows.push(...rescored.map((one, place) => rowOf(evaluation, benchmark, rescored, one, place === 0)));
      const disputed = disagreements(records, rescored);
      if (show > 0 && disputed.length > 0) examples.push("", ...shown(evaluation, rescored, disputed, show));
    } catch (error) {
      problems.add(`the answers to ${header.benchmark} were not scored: ${reasonOf(error, header.benchmark)}`);
    }
  }
  for (const { stage, benchmark, error } of damaged) {
    problems.add(`the answers to ${benchmark} at ${stage} were not scored: ${error.message}`);
  }
  const damage = damageLines(evaluations.flatMap((evaluation) => evaluation.damage ?? []));
  const changed = damage.length > 0 ? ["", ...damage] : [];
  const title =
    "Stored answers as every extractor reads them (* the run's own), headline metric in %, ± standard error";
  const lines =
    rows.length === 0 ? [] : [title, "", ...textTable({ columns: COLUMNS, rows }, width), ...examples, ...changed];
  return { lines, problems: [...problems] };
}

function incomplete({ stage, header, records, damage }: StoredEvaluation): string {
  const there = `${header.benchmark} at ${stage} has ${counted(records.length, "answer")} of ${count(header.questions)}`;
  const wayOut = damage ? "" : "Let the run end, or, where it was stopped, ";
  return `${there}. ${wayOut}${damage ? "Run" : "run"} the experiment again in its folder: it asks the others.`;
}

/** Why there are no scores, with the way out. */
function reasonOf(error: unknown, name: string): string {
  const ours = OUR_PACKAGES.includes(`@mlan/data-${name}`);
  if (ours || !MlanError.is(error, "missing-plugin")) return errorText(error, false);
  return "no installed plugin has that name. For a benchmark of your own add --benchmark <its file>, or --experiment <the file that asks it>.";
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
