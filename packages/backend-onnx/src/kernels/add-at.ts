import type { GraphEmitter } from "../graph.ts";
import { ONNX_TYPES } from "../onnx-type.ts";

/**
 * Adds rows `updates` [n, width] to `data` [m, width] at `rows` [n] (int32 or int64), a row named twice being added
 * twice. Not by ScatterND, although that is faster: ONNX Runtime 1.30 spreads its updates over threads and loses some
 * of those that meet in one row.
 */
export function addAtRows(
  graph: GraphEmitter,
  { data, rows, updates }: { readonly data: string; readonly rows: string; readonly updates: string },
  [count, width]: readonly [number, number],
): string {
  const column = graph.apply("Reshape", [
    graph.apply("Cast", [rows], { to: ONNX_TYPES.int64 }),
    graph.int64([count, 1]),
  ]);
  const places = graph.apply("Expand", [column, graph.int64([count, width])]);
  return graph.apply("ScatterElements", [data, places, updates], { axis: 0, reduction: "add" });
}
