import { counted } from "@mlan/core";
import { textTable } from "@mlan/eval-kit";
import { type BenchmarkContamination, type ContaminationReport, LEAK_KINDS } from "./report.ts";

export interface ContaminationTableOptions {
  /** Number of leaks per benchmark to show below the table. Default 3. */
  readonly leaks?: number;
}

/** Formats the report as plain text: a table with a row per benchmark, then the places of the first leaks. */
export function contaminationTable(
  report: ContaminationReport,
  { leaks = 3 }: ContaminationTableOptions = {},
): readonly string[] {
  const { mixture, ngram, benchmarks } = report;
  const head = [
    "benchmark",
    "questions",
    "contaminated",
    "share",
    ...LEAK_KINDS.map((kind) => (kind === "n-gram" ? `${ngram}-gram` : kind)),
    "text only",
    "unsearchable",
  ];
  return [
    `${mixture.name}: ${counted(mixture.examples, "example")}`,
    ...textTable({
      columns: head.map((title, column) => ({ title, align: column === 0 ? "left" : "right" })),
      rows: benchmarks.map(row),
    }),
    ...benchmarks.flatMap((benchmark) => examplesOf(benchmark, ngram, leaks)),
  ];
}

function row(found: BenchmarkContamination): readonly string[] {
  const { benchmark, questions, contaminated, share, kinds, textOnly, unsearchable } = found;
  const counts = [...LEAK_KINDS.map((kind) => kinds[kind]), textOnly.length, unsearchable];
  return [
    benchmark,
    String(questions),
    String(contaminated.length),
    `${(share * 100).toFixed(2)} %`,
    ...counts.map(String),
  ];
}

function examplesOf(found: BenchmarkContamination, ngram: number, count: number): readonly string[] {
  return found.contaminated.slice(0, count).flatMap(({ id, leaks }) =>
    leaks.map(({ kind, example, index, match }) => {
      const name = kind === "n-gram" ? `${ngram}-gram` : kind;
      return `${found.benchmark} ${id}: ${name} in example ${index} (${example}): ${match}`;
    }),
  );
}
