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
