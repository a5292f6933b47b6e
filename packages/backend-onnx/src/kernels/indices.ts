import type { GraphEmitter } from "../graph.ts";
import { ONNX_TYPES } from "../onnx-type.ts";

/** An index that no tensor has. */
const NOWHERE = 2 ** 31 - 1;

/**
 * Writes int32 indices as int64 in which negative ones are out of range too. ONNX counts them from the end, tfjs
 * refuses them; so a graph with a wrong index fails, and never reads another place.
 */
export function checkedIndices(graph: GraphEmitter, indices: string): string {
  const negative = graph.apply("Less", [indices, graph.scalar(0, "int32")]);
  const checked = graph.apply("Where", [negative, graph.scalar(NOWHERE, "int32"), indices]);
  return graph.apply("Cast", [checked], { to: ONNX_TYPES.int64 });
}

/**
 * Writes int32 positions [n, k] as int64 in which a coordinate outside of `shape` (k sizes) is out of range in any
 * tensor: flattened, it would fall on another place.
 */
export function checkedCoordinates(graph: GraphEmitter, positions: string, shape: readonly number[]): string {
  const wide = graph.apply("Cast", [positions], { to: ONNX_TYPES.int64 });
  const inside = graph.apply("And", [
    graph.apply("GreaterOrEqual", [wide, graph.int64Scalar(0)]),
    graph.apply("Less", [wide, graph.int64(shape)]),
  ]);
  return graph.apply("Where", [inside, wide, graph.int64Scalar(NOWHERE)]);
}
