import type { GraphEmitter } from "../../graph/graph.ts";
import { ONNX_TYPES, type OnnxType } from "../../graph/onnx-type.ts";

/**
 * The last node of a conversion. Floats become int32 as in JavaScript's typed arrays: truncated, with 0 for NaN and
 * infinities. The cast through int64 wraps instead of saturating.
 */
export function castNode(graph: GraphEmitter, name: string, from: OnnxType, to: OnnxType): CastCall {
  const wraps = to === "int32" && (from === "float32" || from === "float64");
  return ["Cast", [wraps ? lowBits(graph, name) : name], { to: ONNX_TYPES[to] }];
}

/** Converts a value unless it already has the type. Returns the name of the result. */
export function convert(graph: GraphEmitter, name: string, from: OnnxType, to: OnnxType): string {
  return from === to ? name : graph.apply(...castNode(graph, name, from, to));
}

/**
 * Returns the low 32 bits of int64 numbers. The mask does not change the result; it keeps ONNX Runtime from merging the
 * two casts into one that saturates.
 */
function lowBits(graph: GraphEmitter, name: string): string {
  const integers = graph.apply("Cast", [name], { to: ONNX_TYPES.int64 });
  return graph.apply("BitwiseAnd", [integers, graph.int64Scalar(0xffffffff)]);
}

type CastCall = readonly ["Cast", readonly string[], { readonly to: number }];
