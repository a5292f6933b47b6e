import type { GraphEmitter } from "../graph.ts";
import { ONNX_TYPES } from "../onnx-type.ts";
import { convert } from "./conversion.ts";

/** Rows `updates` [n, width] that are added to `data` [m, width] at `rows` [n] (int32 or int64). */
interface RowUpdates {
  readonly data: string;
  readonly rows: string;
  readonly updates: string;
  readonly dtype: "float32" | "int32";
}

/** Up to so many rows are added one after the other, ... */
const FEW_ROWS = 4096;
/** ... and so many where the sums are larger than what is added (gradients of embeddings), and few rows meet. */
const FEW_AMONG_MANY = 65_536;

/**
 * Writes the sums: a row named twice is added twice. Not by ScatterND, although that is faster: ONNX Runtime 1.30 spreads
 * its updates over threads and loses some of those that meet in one row. Many rows are added in float64, since a float32
 * sum loses digits with every addend.
 */
export function addAtRows(
  graph: GraphEmitter,
  { data, rows, updates, dtype }: RowUpdates,
  [sums, count, width]: readonly [sums: number, count: number, width: number],
): string {
  const column = graph.apply("Reshape", [
    graph.apply("Cast", [rows], { to: ONNX_TYPES.int64 }),
    graph.int64([count, 1]),
  ]);
  const places = graph.apply("Expand", [column, graph.int64([count, width])]);
  const exact = dtype === "float32" && count > (sums > count ? FEW_AMONG_MANY : FEW_ROWS);
  const type = exact ? "float64" : dtype;
  const [start = data, addends = updates] = [data, updates].map((name) => convert(graph, name, dtype, type));
  const added = graph.apply("ScatterElements", [start, places, addends], { axis: 0, reduction: "add" });
  return convert(graph, added, type, dtype);
}
