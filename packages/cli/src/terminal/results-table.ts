import { counted, type StageResult } from "@mlan/core";
import { type TextColumn, textTable } from "@mlan/eval-kit";
import { count, percent, percentWithInterval, questionCount, significant } from "./format-number.ts";

export interface ResultsTableOptions {
  /** Stage names in the order of the columns. Default: their order in the results. */
  readonly stages?: readonly string[];
  /** Maximum number of characters per line. Default: no limit. */
  readonly width?: number;
}

/**
 * Returns a table of all metrics of all benchmarks, with a column per stage: value and 95 % interval in percent, and
 * the number of questions. Each protocol has its own table; warnings below it name the results that are not comparable.
 */
export function resultsTable(results: readonly StageResult[], options: ResultsTableOptions = {}): readonly string[] {
  const protocols = [...new Set(results.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol, index) => {
    const ofProtocol = results.filter((result) => result.protocol === protocol);
    return [
      ...(index > 0 ? [""] : []),
      `Results in %, 95 % intervals in brackets (protocol ${protocol})`,
      "",
      ...tableOf(ofProtocol, options),
      ...warningsOf(ofProtocol),
      ...verificationsOf(ofProtocol),
    ];
  });
}

function tableOf(results: readonly StageResult[], { stages, width }: ResultsTableOptions): readonly string[] {
  const found = new Set(results.map(({ stage }) => stage));
  const shown = [...new Set([...(stages ?? []), ...found])].filter((stage) => found.has(stage));
  const benchmarks = [...new Set(results.map(({ benchmark }) => benchmark))];
  const columns: readonly TextColumn[] = [
    { title: "benchmark", align: "left", key: true },
    { title: "metric", align: "left", key: true },
    ...shown.map((title) => ({ title, align: "right" as const })),
    { title: "n", align: "right" },
  ];
  const rows = benchmarks.flatMap((benchmark) => {
    const byStage = new Map(results.filter((one) => one.benchmark === benchmark).map((one) => [one.stage, one]));
    return rowsOf(
      benchmark,
      shown.map((stage) => byStage.get(stage)),
    );
  });
  return textTable({ columns, rows }, width);
}

/**
 * Returns a row per metric, and one row each for the shares of unreadable answers and of truncated prompts if there are
 * any.
 */
function rowsOf(benchmark: string, results: readonly (StageResult | undefined)[]): readonly (readonly string[])[] {
  const metrics = [...new Set(results.flatMap((result) => Object.keys(result?.metrics ?? {})))];
  const questions = [...new Set(results.flatMap((result) => (result ? questionCount(result) : [])))].join(", ");
  const metricRows = metrics.map((metric, index) => [
    index === 0 ? benchmark : "",
    metric,
    ...results.map((result) => {
      const estimate = result?.metrics[metric];
      return estimate ? percentWithInterval(estimate) : "";
    }),
    index === 0 ? questions : "",
  ]);
  const shareRow = (title: string, countOf: (result: StageResult) => number | undefined): readonly string[][] => {
    const counts = results.map((result) => result && countOf(result));
    if (!counts.some((found) => found !== undefined && found > 0)) return [];
    const shares = counts.map((found, index) =>
      found === undefined ? "" : percent(found / (results[index]?.questions ?? NaN)),
    );
    return [["", title, ...shares, ""]];
  };
  return [
    ...metricRows,
    ...shareRow("unreadable", ({ unreadable }) => unreadable),
    ...shareRow("truncated", ({ truncatedPrompts }) => truncatedPrompts),
  ];
}

function warningsOf(results: readonly StageResult[]): readonly string[] {
  const byStage = new Map(results.map(({ stage, wording }) => [stage, wording]));
  const worded = [...byStage].map(([stage, wording]) => `${stage} as ${wording}`).join(", ");
  const wordings = new Set(byStage.values()).size > 1 ? [`Prompts are worded for the model: ${worded}.`] : [];
  const warnings = [...wordings, ...new Set(results.flatMap((result) => differenceOf(result, results)))];
  return warnings.length > 0 ? ["", ...warnings] : [];
}

/** Describes the outcome of asking some questions again, each on its own. */
function verificationsOf(results: readonly StageResult[]): readonly string[] {
  const lines = results.flatMap(({ stage, benchmark, verification }) => {
    if (!verification) return [];
    const { checked, flips, smallestMargin } = verification;
    const same = `${count(checked - flips.length)} of ${counted(checked, "answer")} are the same when asked alone`;
    return [
      `Verified ${benchmark} at ${stage}: ${same}; smallest logit margin ${significant(smallestMargin)}.`,
      ...flips.map(
        ({ id, together, alone, margin }) =>
          `  ${id}: ${JSON.stringify(together)} in a batch, ${JSON.stringify(alone)} alone, margin ${significant(margin)}`,
      ),
    ];
  });
  return lines.length > 0 ? ["", ...lines] : [];
}

/** Returns a warning when questions, prompts or template of a benchmark differ between stages with the same wording. */
function differenceOf({ benchmark, wording }: StageResult, results: readonly StageResult[]): readonly string[] {
  const alike = results.filter((one) => one.benchmark === benchmark && one.wording === wording);
  const askedAlike = new Set(alike.map(({ fingerprints }) => JSON.stringify(fingerprints))).size === 1;
  const templates = new Set(alike.flatMap(({ template }) => template ?? []));
  if (askedAlike && templates.size < 2) return [];
  const stages = alike.map(({ stage }) => stage).join(" and ");
  return [
    `Do not compare ${stages} on ${benchmark}: its ${askedAlike ? "template" : "questions or prompts"} changed between these stages.`,
  ];
}
