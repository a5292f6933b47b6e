import type { Explanation } from "./explanation.ts";
import { table, type Column } from "./table.ts";

/** Number of nodes shown. The rest is one line. */
const SHOWN = 25;

const TIME: readonly Column[] = ["nodes", "ms", "share"].map((heading) => ({ heading, numeric: true }));

/** Formats an explanation as text: a summary, then tables by recorded operation, by ONNX operator, and by both. */
export function explanationText(explanation: Omit<Explanation, "toString">): string {
  const { operations, operatorTypes, nodes } = explanation;
  return [
    summary(explanation),
    table(
      [{ heading: "recorded operation" }, ...TIME],
      operations.map((row) => [named(row.operation), ...timeCells(row)]),
    ),
    table(
      [{ heading: "ONNX operator" }, { heading: "written", numeric: true }, ...TIME],
      operatorTypes.map((row) => [row.operatorType, number(row.written), ...timeCells(row)]),
    ),
    table(
      [
        { heading: "recorded operation" },
        { heading: "result" },
        { heading: "ONNX operator" },
        { heading: "where" },
        ...TIME,
      ],
      nodes
        .slice(0, SHOWN)
        .map((row) => [
          named(row.operation),
          row.results,
          row.operatorType,
          row.provider.replace("ExecutionProvider", ""),
          ...timeCells(row),
        ]),
    ) + rest(nodes.slice(SHOWN)),
  ].join("\n\n");
}

function summary({ first, steady, calls, operatorTypes }: Omit<Explanation, "toString">): string {
  const parts = [
    ["kernels", steady.kernels],
    ["ONNX Runtime between kernels", steady.betweenKernels],
    ["compiling", steady.compile],
    ["everything else: the function, tfjs-core, recording", steady.outside],
  ] as const;
  const lines = [
    `${milliseconds(steady.milliseconds)} ms per call (mean of ${calls} after the first) in ${counted(steady.graphs, "graph")}`,
    ...parts
      .filter(([name, time]) => name !== "compiling" || time > 0)
      .map(
        ([name, time]) =>
          `  ${milliseconds(time).padStart(10)} ms ${percent(time / steady.milliseconds).padStart(5)}  ${name}`,
      ),
    `first call: ${milliseconds(first.milliseconds)} ms, ${milliseconds(first.compile)} ms of it to compile ${counted(first.compiled, "graph")}`,
  ];
  if (steady.compiled > 0) {
    lines.push(`later calls still compiled ${number(steady.compiled)} graphs per call: shapes or constants change.`);
  }
  const changed = operatorTypes.filter(({ written, count }) => written !== count);
  if (changed.length > 0) {
    const changes = changed.map(
      ({ operatorType, written, count }) => `${operatorType} ${number(written)} -> ${number(count)}`,
    );
    lines.push(`ONNX Runtime rewrote (nodes written -> run): ${changes.join(", ")}`);
  }
  return lines.join("\n");
}

function rest(rows: Explanation["nodes"]): string {
  if (rows.length === 0) return "";
  const time = rows.reduce((total, row) => total + row.milliseconds, 0);
  return `\n(${rows.length} more kinds of nodes, ${milliseconds(time)} ms together)`;
}

function timeCells(row: { readonly count: number; readonly milliseconds: number; readonly share: number }): string[] {
  return [number(row.count), milliseconds(row.milliseconds), percent(row.share)];
}

function named(operation: string): string {
  return operation === "" ? "(added by ONNX Runtime)" : operation;
}

function milliseconds(time: number): string {
  return time.toFixed(3);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
