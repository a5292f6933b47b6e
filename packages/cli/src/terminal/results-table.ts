import { counted } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import {
  type BenchmarkView,
  count,
  type GuessingView,
  type MetricView,
  percent,
  percentWithInterval,
  questionCount,
  type ResultView,
  significant,
  type View,
  type Warning,
} from "@mlan/run-view";

/** The part of a view that the table shows. */
export type ResultsOfView = Pick<View, "models" | "benchmarks" | "results" | "warnings">;

/**
 * Returns tables of all metrics of all benchmarks, one table per protocol, with a column per model: values and 95%
 * intervals in percent. Warnings below a table name results that are not comparable. Lines have at most `width`
 * characters; default: no limit.
 */
export function resultsTable(
  { models, benchmarks, results, warnings }: ResultsOfView,
  width?: number,
): readonly string[] {
  const protocols = [...new Set(results.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol, index) => {
    const ofProtocol = results.filter((result) => result.protocol === protocol);
    const asked = benchmarks.filter((benchmark) => benchmark.protocol === protocol);
    const notes = warnings.filter((warning) => warning.protocol === protocol && isNote(warning));
    return [
      ...(index > 0 ? [""] : []),
      `Results in %, 95 % intervals in brackets (protocol ${protocol})`,
      "",
      ...tableOf(models, ofProtocol, asked, width),
      ...block(guessingNotes(asked, ofProtocol)),
      ...block(notes.map(({ text }) => text)),
      ...block(verificationsOf(models, ofProtocol)),
    ];
  });
}

/** Whether a warning is printed below the table. Other warnings are visible in the table itself. */
function isNote({ kind }: Warning): boolean {
  return kind === "wording" || kind === "not-comparable" || kind === "undefined-metric";
}

function block(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? ["", ...lines] : [];
}

/** Explains the marks of the table, if it has any. */
function guessingNotes(benchmarks: readonly BenchmarkView[], results: readonly ResultView[]): readonly string[] {
  const isMarked = results.some(({ isAboveGuessing }) => isAboveGuessing === false);
  const several = results.some(({ metrics: [headline] }) => headline?.overSeeds);
  const ofSeeds = several ? ", that of the mean or of one of the seeds" : "";
  return [
    ...(isMarked ? [`° not above guessing: the interval over questions reaches down to it${ofSeeds}`] : []),
    ...(benchmarks.some(({ guessing }) => guessing?.name === "most frequent answer")
      ? ["* always giving the most frequent answer of each kind of question"]
      : []),
  ];
}

function tableOf(
  models: View["models"],
  results: readonly ResultView[],
  asked: readonly BenchmarkView[],
  width: number | undefined,
): readonly string[] {
  const shown = models.filter(({ id }) => results.some(({ model }) => model === id));
  const benchmarks = [...new Set(results.map(({ benchmark }) => benchmark))];
  const hasGuessing = asked.some(({ guessing }) => guessing);
  const columns: readonly TextColumn[] = [
    { title: "benchmark", align: "left", key: true },
    { title: "metric", align: "left", key: true },
    ...(hasGuessing ? [{ title: "guessing", align: "right" as const }] : []),
    ...shown.map(({ label }) => ({ title: label, align: "right" as const })),
    { title: "n", align: "right" },
  ];
  const rows = benchmarks.flatMap((benchmark) => {
    const byModel = new Map(results.filter((one) => one.benchmark === benchmark).map((one) => [one.model, one]));
    const rowsOfBenchmark = rowsOf(
      benchmark,
      shown.map(({ id }) => byModel.get(id)),
    );
    if (!hasGuessing) return rowsOfBenchmark;
    const level = guessingText(asked.find((one) => one.benchmark === benchmark)?.guessing);
    return rowsOfBenchmark.map(([title = "", metric = "", ...cells], place) => [
      title,
      metric,
      place === 0 ? level : "",
      ...cells,
    ]);
  });
  return textTable({ columns, rows }, width);
}

function guessingText(guessing: GuessingView | undefined): string {
  if (!guessing) return "";
  return `${percent(guessing.accuracy)}${guessing.name === "guessing" ? "" : "*"}`;
}

/**
 * Returns the rows of a benchmark: for each metric its values, and their range over seeds if there are several; then
 * the proportions of unreadable answers and of truncated prompts, if there are any.
 */
function rowsOf(benchmark: string, results: readonly (ResultView | undefined)[]): readonly (readonly string[])[] {
  const metrics = [...new Set(results.flatMap((result) => result?.metrics.map(({ name }) => name) ?? []))];
  const questions = [...new Set(results.flatMap((result) => (result ? questionCount(result) : [])))].join(", ");
  const metricRows = metrics.flatMap((metric, index) => {
    const estimates = results.map((result) => result?.metrics.find(({ name }) => name === metric));
    return [
      [
        index === 0 ? benchmark : "",
        metric,
        ...estimates.map((estimate, place) => {
          const isGuess = index === 0 && results[place]?.isAboveGuessing === false;
          return estimate ? `${percentWithInterval(estimate)}${isGuess ? "°" : ""}` : "";
        }),
        index === 0 ? questions : "",
      ],
      ...seedRow(estimates),
    ];
  });
  const shareRow = (title: string, shareOf: (result: ResultView) => number | undefined): readonly string[][] => {
    const shares = results.map((result) => result && shareOf(result));
    if (!shares.some((share) => share !== undefined && share > 0)) return [];
    return [["", title, ...shares.map((share) => (share === undefined ? "" : percent(share))), ""]];
  };
  return [
    ...metricRows,
    ...shareRow("unreadable", ({ unreadable }) => unreadable),
    ...shareRow("truncated", ({ truncatedPrompts }) => truncatedPrompts),
  ];
}

/** Returns a row with the lowest and the highest value over seeds, if there are several. */
function seedRow(estimates: readonly (MetricView | undefined)[]): readonly (readonly string[])[] {
  if (!estimates.some((estimate) => estimate?.overSeeds)) return [];
  const ranges = estimates.map((estimate) => {
    const { lowest, highest } = estimate?.overSeeds ?? {};
    return lowest === undefined || highest === undefined ? "" : `${percent(lowest)} to ${percent(highest)}`;
  });
  return [["", "  over seeds", ...ranges, ""]];
}

/** Describes the outcome of asking some questions again, one at a time. */
function verificationsOf(models: View["models"], results: readonly ResultView[]): readonly string[] {
  const labels = new Map(models.map(({ id, label }) => [id, label]));
  return results.flatMap(({ model, benchmark, verifications }) =>
    verifications.flatMap(({ checked, flips, smallestMargin }) => {
      const same = `${count(checked - flips.length)} of ${counted(checked, "answer")} are the same when asked alone`;
      return [
        `Verified ${benchmark} at ${labels.get(model) ?? model}: ${same}; smallest logit margin ${significant(smallestMargin)}.`,
        ...flips.map(
          ({ id, together, alone, margin }) =>
            `  ${id}: ${JSON.stringify(together)} in a batch, ${JSON.stringify(alone)} alone, margin ${significant(margin)}`,
        ),
      ];
    }),
  );
}
