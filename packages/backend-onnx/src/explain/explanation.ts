import type { CallRecord } from "./profiled-sessions.ts";
import { explanationText } from "./explanation-text.ts";

/** The time of a function by operation. All counts and times are per call; times are in milliseconds. */
export interface Explanation {
  /** The first call. It compiles graphs and allocates memory. */
  readonly first: CallTime;
  /** The mean of the calls after the first. */
  readonly steady: CallTime;
  /** Number of calls after the first. All fields below are averages over these calls. */
  readonly calls: number;
  /** Times by recorded operation (a kernel of tfjs or of this backend), longest first. */
  readonly operations: readonly OperationTime[];
  /** Times by ONNX operator type, longest first, including nodes that were later removed or fused. */
  readonly operatorTypes: readonly OperatorTypeTime[];
  /** Times by recorded operation, result, ONNX operator type and execution provider, longest first. */
  readonly nodes: readonly NodeTime[];
  /** Returns a summary and tables as plain text. */
  toString(): string;
}

/** The time of one call. `milliseconds` is the sum of the other times. */
export interface CallTime {
  readonly milliseconds: number;
  /** Time for writing and compiling graphs. */
  readonly compile: number;
  /** Time in ONNX Runtime's kernels, and in in-place updates of optimizers. */
  readonly kernels: number;
  /** Time in ONNX Runtime between kernels, including its profiler. */
  readonly betweenKernels: number;
  /** All other time: the function itself, tfjs-core, recording, reading. */
  readonly outside: number;
  /** Number of graphs compiled, and number of graphs run. */
  readonly compiled: number;
  readonly graphs: number;
}

interface Time {
  /** Number of nodes run. */
  readonly count: number;
  readonly milliseconds: number;
  /** Fraction of the time of all kernels, from 0 to 1. */
  readonly share: number;
}

export interface OperationTime extends Time {
  /** The recorded operation; empty for nodes that ONNX Runtime added. */
  readonly operation: string;
}

export interface OperatorTypeTime extends Time {
  readonly operatorType: string;
  /** Number of nodes written. It differs from `count` if ONNX Runtime has fused, removed or added nodes. */
  readonly written: number;
}

export interface NodeTime extends OperationTime {
  /** Types and shapes of the operation's results. */
  readonly results: string;
  readonly operatorType: string;
  /** The execution provider that ran the node, or "WebAssembly". */
  readonly provider: string;
}

export function explanation(first: CallRecord, later: readonly CallRecord[]): Explanation {
  const calls = later.length;
  const nodes = later.flatMap((call) => call.nodes).map((node) => ({ ...node, ...originOf(node.name) }));
  const total = sum(nodes.map(({ milliseconds }) => milliseconds));
  const timeOf = (group: readonly { readonly milliseconds: number }[]): Time => {
    const milliseconds = sum(group.map((node) => node.milliseconds));
    return {
      count: group.length / calls,
      milliseconds: milliseconds / calls,
      share: total === 0 ? 0 : milliseconds / total,
    };
  };
  const written = groups(
    later.flatMap((call) => call.written),
    ({ operatorType }) => operatorType,
  );
  const run = groups(nodes, ({ operatorType }) => operatorType);
  const types = [...new Set([...run.keys(), ...written.keys()])];
  const result = {
    first: meanOf([first]),
    steady: meanOf(later),
    calls,
    operations: byTime(
      [...groups(nodes, ({ operation }) => operation)].map(([operation, group]) => ({ operation, ...timeOf(group) })),
    ),
    operatorTypes: byTime(
      types.map((operatorType) => ({
        operatorType,
        written: (written.get(operatorType)?.length ?? 0) / calls,
        ...timeOf(run.get(operatorType) ?? []),
      })),
    ),
    nodes: byTime(
      [
        ...groups(nodes, (node) => [node.operation, node.results, node.operatorType, node.provider].join(" ")).values(),
      ].flatMap((group) => {
        const [node] = group;
        if (node === undefined) return [];
        const { operation, results, operatorType, provider } = node;
        return [{ operation, results, operatorType, provider, ...timeOf(group) }];
      }),
    ),
  };
  return { ...result, toString: () => explanationText(result) };
}

/**
 * Returns the origin of a node from its name, `operation results #number`. ONNX Runtime keeps this name as a prefix for
 * nodes that it derives.
 */
function originOf(name: string): { readonly operation: string; readonly results: string } {
  const [, operation = "", results = ""] = /^(\S+) (\S*)/.exec(name) ?? [];
  return { operation, results };
}

function meanOf(calls: readonly CallRecord[]): CallTime {
  const mean = (of: (call: CallRecord) => number): number => sum(calls.map(of)) / calls.length;
  const kernelsOf = (call: CallRecord, inside: boolean): number =>
    sum(call.nodes.filter(({ provider }) => !inside || provider !== "WebAssembly").map((node) => node.milliseconds));
  const milliseconds = mean((call) => call.milliseconds);
  const compile = mean((call) => call.compileMilliseconds);
  const kernels = mean((call) => kernelsOf(call, false));
  const betweenKernels = mean((call) => call.runMilliseconds - kernelsOf(call, true));
  return {
    milliseconds,
    compile,
    kernels,
    betweenKernels,
    outside: milliseconds - compile - kernels - betweenKernels,
    compiled: mean((call) => call.compiled),
    graphs: mean((call) => call.graphs),
  };
}

function groups<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const group = found.get(key(item));
    if (group === undefined) found.set(key(item), [item]);
    else group.push(item);
  }
  return found;
}

function byTime<Row extends Time>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((left, right) => right.milliseconds - left.milliseconds);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
