import type { GraphEmitter } from "../../graph/graph.ts";
import type { OutputNode } from "../tools/operation.ts";

/**
 * Maximum number of addends that are added one after the other; longer sums are added in blocks, recursively. A float32
 * sum loses digits with every addend that is smaller than the sum so far: 0.1 added a million times is 99,910.
 */
export const LONGEST_RUN = 1024;
const LARGEST_BLOCK = 256;
/** Minimum size of a block. A smaller block would not justify another pass. */
const SMALLEST_BLOCK = 16;

/** A sum or mean of float32 numbers. */
interface LongReduction {
  readonly operatorType: "ReduceSum" | "ReduceMean";
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Adjacent axes that are either all reduced or all kept. */
interface Run {
  readonly length: number;
  readonly reduced: boolean;
}

/**
 * Writes a sum or mean of any number of float32 numbers over `axes` (not negative), with a relative error of about
 * 1e-6.
 */
export function longReduction(graph: GraphEmitter, x: string, reduction: LongReduction): OutputNode {
  const { operatorType, shape, axes, keepDims } = reduction;
  const count = axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
  if (count <= LONGEST_RUN) return [operatorType, [x, graph.int64(axes)], { keepdims: keepDims ? 1 : 0 }];
  const runs = runsOf(shape, axes);
  let name = x;
  for (let place = runs.length - 1; place >= 0; place--) {
    const run = runs[place];
    if (run?.reduced !== true) continue;
    const outer = lengthOf(runs.slice(0, place));
    // Later runs that are reduced no longer exist.
    const inner = lengthOf(runs.slice(place + 1).filter(({ reduced }) => !reduced));
    name = reduceRun(graph, operatorType, name, [outer, run.length, inner]);
  }
  const kept = shape.flatMap((length, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [length]));
  return ["Reshape", [name, graph.int64(kept)]];
}

/** Reduces [outer, length, inner] to [outer, inner]. */
function reduceRun(
  graph: GraphEmitter,
  operatorType: LongReduction["operatorType"],
  x: string,
  [outer, length, inner]: readonly [number, number, number],
): string {
  // Without a last axis of length 1, because ONNX Runtime would read it column by column.
  const last = inner === 1 ? [] : [inner];
  const reshape = (source: string, grid: readonly number[]): string =>
    graph.apply("Reshape", [source, graph.int64([outer, ...grid, ...last])]);
  const reduce = (source: string, axis: number): string =>
    graph.apply(operatorType, [source, graph.int64([axis])], { keepdims: 0 });
  let name = x;
  let left = length;
  let padding = 1;
  while (left > LARGEST_BLOCK) {
    let block = blockOf(left);
    if (block === undefined) {
      block = LARGEST_BLOCK;
      const whole = Math.ceil(left / block) * block;
      const around = [0, 0, ...last.map(() => 0), 0, whole - left, ...last.map(() => 0)];
      name = graph.apply("Pad", [reshape(name, [left]), graph.int64(around), graph.scalar(0, "float32")]);
      padding *= whole / left;
      left = whole;
    }
    left /= block;
    name = reduce(reshape(name, [left, block]), 2);
  }
  const sum = reduce(reshape(name, [left]), 1);
  // A mean has counted the padding zeros as elements.
  if (operatorType === "ReduceSum" || padding === 1) return sum;
  return graph.apply("Mul", [sum, graph.scalar(padding, "float32")]);
}

/**
 * Returns the largest divisor of `length` that is a suitable block size; undefined if there is none, e.g. for primes.
 */
export function blockOf(length: number, largest: number = LARGEST_BLOCK): number | undefined {
  for (let block = Math.min(largest, length); block >= SMALLEST_BLOCK; block--) if (length % block === 0) return block;
  return undefined;
}

/** Splits the axes into runs. Axes of length 1 fit any run. */
function runsOf(shape: readonly number[], axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const [axis, length] of shape.entries()) {
    if (length === 1) continue;
    const reduced = axes.includes(axis);
    const last = runs.at(-1);
    if (last?.reduced === reduced) runs[runs.length - 1] = { length: last.length * length, reduced };
    else runs.push({ length, reduced });
  }
  return runs;
}

function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((product, { length }) => product * length, 1);
}
