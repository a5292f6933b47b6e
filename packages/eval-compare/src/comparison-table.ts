import { textTable } from "@mlan/eval-kit";
import type { Interval } from "@mlan/statistics";
import type { AllowedDifference } from "./compare-options.ts";
import type { BenchmarkComparison, ComparedScore, Comparison, UncomparedResult } from "./comparison.ts";

const WIDTH = 110;
const LONGEST_NAME = 20;
const KINDS: readonly AllowedDifference[] = ["questions", "prompts", "protocol"];

/**
 * Formats the comparison as plain text, in lines of at most 110 characters: accuracies, the gain of the second run,
 * allowed differences, excluded answers, and the methods.
 */
export function comparisonTable(comparison: Comparison): readonly string[] {
  const { benchmarks, options } = comparison;
  const intervals = `${percent(options.level)} % intervals in brackets`;
  return [
    ...wrapped(`First:  ${labelsOf(benchmarks.map(({ first }) => first))}`, WIDTH, 8),
    ...wrapped(`Second: ${labelsOf(benchmarks.map(({ second }) => second))}`, WIDTH, 8),
    "",
    `Accuracies in %, ${intervals}`,
    "",
    ...textTable({
      columns: [
        { title: "benchmark", align: "left" },
        { title: "protocol", align: "left" },
        { title: "questions", align: "right" },
        { title: "clusters", align: "right" },
        { title: "first", align: "left" },
        { title: "second", align: "left" },
      ],
      rows: benchmarks.map(scoreRow),
    }),
    "",
    `Differences in percentage points, ${intervals}`,
    "",
    ...textTable({
      columns: [
        { title: "benchmark", align: "left" },
        { title: "second - first", align: "left" },
        { title: "lost / won", align: "right" },
        { title: "p", align: "right" },
        { title: "Holm p", align: "right" },
        { title: "detectable", align: "right" },
        { title: "second is", align: "left" },
      ],
      rows: benchmarks.map(differenceRow),
    }),
    "",
    ...[...notesOf(comparison), ...legendOf(comparison)].flatMap((line) => wrapped(line, WIDTH, 2)),
  ];
}

function scoreRow(one: BenchmarkComparison): readonly string[] {
  const { benchmark, questions, clusters, first, second } = one;
  const protocols = [...new Set([first.protocol, second.protocol])].join(" / ");
  return [
    shortened(benchmark),
    shortened(protocols),
    `${questions}`,
    clusters === questions ? "-" : `${clusters}`,
    `${points(first.accuracy)}${bracketed(first.interval, points)}`,
    `${points(second.accuracy)}${bracketed(second.interval, points)}`,
  ];
}

function differenceRow(one: BenchmarkComparison): readonly string[] {
  const effect = one.minimumDetectableEffect;
  return [
    shortened(one.benchmark),
    `${signed(one.difference)}${bracketed(one.interval, signed)}`,
    `${one.discordant.onlyFirst} / ${one.discordant.onlySecond}`,
    probability(one.p),
    probability(one.adjustedP),
    effect === undefined ? "-" : points(effect),
    one.verdict,
  ];
}

function notesOf({ benchmarks, onlyFirst, onlySecond }: Comparison): readonly string[] {
  const notes = [
    ...KINDS.flatMap((kind) => allowedIn(kind, benchmarks)),
    ...benchmarks.flatMap(({ benchmark, leftOut, test }) => [
      ...(leftOut.first + leftOut.second > 0
        ? [`${benchmark}: excluded ${leftOut.first} of the first's answers and ${leftOut.second} of the second's.`]
        : []),
      ...(test === "none" ? [`${benchmark}: all questions are in one cluster, so no test is possible.`] : []),
    ]),
    ...uncompared("first", onlyFirst),
    ...uncompared("second", onlySecond),
  ];
  return notes.length > 0 ? [...notes, ""] : [];
}

function allowedIn(kind: AllowedDifference, benchmarks: readonly BenchmarkComparison[]): readonly string[] {
  const found = benchmarks.flatMap(({ benchmark, allowed }) =>
    allowed
      .filter((one) => one.kind === kind)
      .map(({ first, second }) => `${benchmark} (first ${first}, second ${second})`),
  );
  return found.length > 0 ? [`Allowed to differ in ${kind}: ${found.join(", ")}.`] : [];
}

function uncompared(run: string, results: readonly UncomparedResult[]): readonly string[] {
  if (results.length === 0) return [];
  return [`Only in the ${run}: ${results.map(({ benchmark, protocol }) => `${benchmark} (${protocol})`).join(", ")}.`];
}

function legendOf({ benchmarks, options: { level, resamples, seed } }: Comparison): readonly string[] {
  const drawn = `${percent(level)} %, ${resamples.toLocaleString("en-US")} resamples, seed ${seed}`;
  return [
    `Intervals: differences by paired cluster bootstrap, accuracies by Wilson or, with clusters, cluster bootstrap (${drawn}).`,
    `p: exact McNemar or, with clusters, paired cluster bootstrap. Holm p: adjusted over ${benchmarks.length} ` +
      `${benchmarks.length === 1 ? "benchmark" : "benchmarks"}; the last column uses it, at ${percent(1 - level)} % significance.`,
    "lost / won: questions that only the first / only the second answered correctly. " +
      "detectable: the smallest difference in points that one such comparison detects with 80 % power.",
  ];
}

function labelsOf(scores: readonly ComparedScore[]): string {
  return [...new Set(scores.map(({ label }) => label))].join(", ");
}

function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 3)}...` : name;
}

function bracketed(interval: Interval | undefined, format: (share: number) => string): string {
  return interval ? ` [${format(interval.low)}, ${format(interval.high)}]` : "";
}

function points(share: number): string {
  return (share * 100).toFixed(1);
}

function signed(share: number): string {
  const text = points(share);
  if (Number(text) === 0) return "0.0";
  return share > 0 ? `+${text}` : text;
}

/** Formats a share in percent without trailing zeros, e.g. 95 or 99.9. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(6))}`;
}

function probability(p: number): string {
  return p < 0.0001 ? "<0.0001" : p.toFixed(4);
}

/**
 * Wraps a sentence into lines of at most `width` characters, at spaces or within a longer word. Indents all lines
 * except the first.
 */
function wrapped(text: string, width: number, indent: number): readonly string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(" ", width);
  const end = space > indent ? space : width;
  return [text.slice(0, end).trimEnd(), ...wrapped(" ".repeat(indent) + text.slice(end).trimStart(), width, indent)];
}
