import type { GraphEmitter } from "../../graph/graph.ts";
import { ONNX_TYPES } from "../../graph/onnx-type.ts";
import { convert } from "../tools/conversion.ts";
import { LONGEST_RUN, longReduction } from "../reduction/long-sum.ts";

/** Adds `updates` [n, width] to the rows `rows` [n] (int32 or int64) of `data` [m, width]. */
interface RowUpdates {
  readonly data: string;
  readonly rows: string;
  readonly updates: string;
  readonly dtype: "float32" | "int32";
}

/** Maximum number of rows that are added in float32. */
const FEW_ROWS = 4096;
/** Maximum number of elements of all copies of the sums. */
const LARGEST_COPIES = 2 ** 24;
/**
 * Replaces `FEW_ROWS` if there are more sums than updates (gradients of embeddings), because few updates share a row.
 */
const FEW_AMONG_MANY = 65_536;

/**
 * Writes the sums; repeated rows add up. ScatterND would be faster, but ONNX Runtime 1.30 spreads its updates over
 * threads and loses some of those that share a row. Many rows are added in float64, because a float32 sum loses digits
 * with every addend.
 */
export function addAtRows(
  graph: GraphEmitter,
  { data, rows, updates, dtype }: RowUpdates,
  [sums, count, width]: readonly [sums: number, count: number, width: number],
): string {
  const places = graph.apply("Cast", [rows], { to: ONNX_TYPES.int64 });
  if (!graph.float64 && dtype === "float32" && count > LONGEST_RUN) {
    const copies = Math.min(Math.ceil(count / LONGEST_RUN), Math.floor(LARGEST_COPIES / (sums * width)));
    if (copies > 1) return addInCopies(graph, { data, rows: places, updates }, [sums, count, width], copies);
  }
  const exact = dtype === "float32" && count > (sums > count ? FEW_AMONG_MANY : FEW_ROWS);
  const type = exact ? "float64" : dtype;
  const [start = data, addends = updates] = [data, updates].map((name) => convert(graph, name, dtype, type));
  return convert(graph, addEach(graph, start, places, addends, [count, width]), type, dtype);
}

/**
 * Adds to several copies of the sums, then adds up the copies. On a GPU without float64, updates to the same row are
 * serialized; in a test, a million of them caused the device to be lost.
 */
function addInCopies(
  graph: GraphEmitter,
  { data, rows, updates }: Omit<RowUpdates, "dtype">,
  [sums, count, width]: readonly [sums: number, count: number, width: number],
  copies: number,
): string {
  const each = Math.ceil(count / copies);
  const missing = copies * each - count;
  const wholeRows =
    missing === 0 ? rows : graph.apply("Concat", [rows, graph.int64(Array<number>(missing).fill(0))], { axis: 0 });
  const wholeUpdates =
    missing === 0
      ? updates
      : graph.apply("Pad", [updates, graph.int64([0, 0, missing, 0]), graph.scalar(0, "float32")]);
  const starts = graph.int64(Array.from({ length: copies }, (_, copy) => copy * sums));
  const grid = graph.apply("Add", [
    graph.apply("Reshape", [wholeRows, graph.int64([copies, each])]),
    graph.apply("Reshape", [starts, graph.int64([copies, 1])]),
  ]);
  const zeros = graph.apply("Expand", [graph.scalar(0, "float32"), graph.int64([copies * sums, width])]);
  const added = addEach(graph, zeros, grid, wholeUpdates, [copies * each, width]);
  const shape = [copies, sums, width];
  const total = longReduction(graph, graph.apply("Reshape", [added, graph.int64(shape)]), {
    operatorType: "ReduceSum",
    shape,
    axes: [0],
    keepDims: false,
  });
  return graph.apply("Add", [data, graph.apply(...total)]);
}

/** Adds `updates` [count, width] to the rows `rows` (int64) of `data`. Repeated rows add up. */
function addEach(
  graph: GraphEmitter,
  data: string,
  rows: string,
  updates: string,
  [count, width]: readonly [count: number, width: number],
): string {
  const column = graph.apply("Reshape", [rows, graph.int64([count, 1])]);
  const places = graph.apply("Expand", [column, graph.int64([count, width])]);
  return graph.apply("ScatterElements", [data, places, updates], { axis: 0, reduction: "add" });
}
