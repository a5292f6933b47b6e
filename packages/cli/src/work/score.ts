import { type Benchmark, counted, MlanError } from "@mlan/core";
import {
  type Disagreement,
  disagreements,
  estimate,
  type Rescored,
  rescore,
  type StoredEvaluation,
  storedEvaluations,
  type TextColumn,
  textTable,
} from "@mlan/eval-kit";
import { installedBenchmark } from "../project/benchmark-plugin.ts";
import { errorText } from "../project/error-text.ts";
import { count, damageText, percent, percentWithError } from "@mlan/run-view";
import { OUR_PACKAGES } from "../project/our-packages.ts";

export interface ScoreOptions {
  /** Benchmarks to use instead of the installed plugins of the same names. */
  readonly benchmarks: readonly Benchmark[];
  /** The benchmarks of an experiment, used like `benchmarks`, except that the run may lack them. */
  readonly asked: readonly Benchmark[];
  /** Number of disagreements to print per benchmark. */
  readonly show: number;
  /** Maximum number of characters per line. */
  readonly width: number;
}

export interface ScoredRun {
  /** The table and the disagreements; empty when nothing could be scored. */
  readonly lines: readonly string[];
  /** The benchmarks that could not be scored, each with the reason and the remedy. */
  readonly problems: readonly string[];
}

/**
 * Scores the stored answers of a run with every extractor. A benchmark that is not found or whose answers are damaged
 * does not prevent the others from being scored. Throws `run-folder` when there are no answers.
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
    unasked.map(({ name }) => `the run has no answers to ${name}. Benchmarks with answers: ${kept.join(", ")}.`),
  );
  for (const evaluation of evaluations) {
    const { stage, header, records } = evaluation;
    if (records.length < header.questions) problems.add(incomplete(evaluation));
    if (header.evaluator === "likelihood") {
      rows.push([stage, header.benchmark, "(ranked choices: no text to read)", "", "", "", count(records.length)]);
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
  const damage = evaluations.flatMap((evaluation) => (evaluation.damage ? [damageText(evaluation.damage)] : []));
  const changed = damage.length > 0 ? ["", ...damage] : [];
  const title =
    "Stored answers scored with every extractor (* marks the extractor of the run), headline metric in %, ± standard error";
  const lines =
    rows.length === 0 ? [] : [title, "", ...textTable({ columns: COLUMNS, rows }, width), ...examples, ...changed];
  return { lines, problems: [...problems] };
}

function incomplete({ stage, header, records, damage }: StoredEvaluation): string {
  const there = `${header.benchmark} at ${stage} has ${counted(records.length, "answer")} of ${count(header.questions)}`;
  const remedy = damage ? "" : "Wait until the run has finished; if it was stopped, ";
  return `${there}. ${remedy}${damage ? "Run" : "run"} the experiment or study again in its folder to ask the rest.`;
}

/** Explains why there are no scores, and names the remedy. */
function reasonOf(error: unknown, name: string): string {
  const ours = OUR_PACKAGES.includes(`@mlan/data-${name}`);
  if (ours || !MlanError.is(error, "missing-plugin")) return errorText(error, false);
  return "no installed plugin has that name. For your own benchmark, add --benchmark <its file>, or --experiment <the file that evaluates it>.";
}

const COLUMNS: readonly TextColumn[] = [
  { title: "stage", align: "left", key: true },
  { title: "benchmark", align: "left", key: true },
  { title: "extractor", align: "left", key: true },
  { title: "score", align: "right" },
  { title: "unreadable", align: "right" },
  { title: "judged differently", align: "right" },
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

/** Formats the number of answers, e.g. "20", or "5 of 20" when the run has not finished or answers are damaged. */
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
        return `${name} ${read === undefined ? "nothing" : JSON.stringify(read)}${correct[place] ? " (correct)" : ""}`;
      });
      return `  ${id}: ${JSON.stringify(answer)}, target ${JSON.stringify(target)}: ${readings.join(", ")}`;
    }),
  ];
}
