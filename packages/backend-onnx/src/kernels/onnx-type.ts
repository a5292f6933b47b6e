import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import type { ElementType, GraphEmitter } from "../graph.ts";

/** The types that stand inside compiled graphs: those of tensors, and two for exact intermediate results. */
export type OnnxType = ElementType | "int64" | "float64";

/** `TensorProto.DataType` of the ONNX specification. */
export const ONNX_TYPE_CODE: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/** The dtype of a tensor that this backend can hold; throws for `string` and `complex64`. */
export function elementType(tensor: Pick<TensorInfo, "dtype">): ElementType {
  const { dtype } = tensor;
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new BackendError(
    "unsupported",
    `dtype ${dtype} cannot be computed here, only float32, int32 and bool. Run this part under tf.setBackend("cpu").`,
  );
}

/**
 * The last node of a conversion. Real numbers become int32 as in JavaScript's typed arrays (truncated; NaN and
 * infinities become 0): the way over int64 wraps instead of saturating.
 */
export function castCall(graph: GraphEmitter, name: string, from: OnnxType, to: OnnxType): CastCall {
  const wraps = to === "int32" && (from === "float32" || from === "float64");
  return ["Cast", [wraps ? lowBits(graph, name) : name], { to: ONNX_TYPE_CODE[to] }];
}

/** Writes the conversion of a value, if it needs one, and gives the name to go on with. */
export function convert(graph: GraphEmitter, name: string, from: OnnxType, to: OnnxType): string {
  return from === to ? name : graph.apply(...castCall(graph, name, from, to));
}

/** The mask changes nothing; it keeps ONNX Runtime from merging the two conversions into one that saturates. */
function lowBits(graph: GraphEmitter, name: string): string {
  const integers = graph.apply("Cast", [name], { to: ONNX_TYPE_CODE.int64 });
  return graph.apply("BitwiseAnd", [integers, graph.int64Scalar(0xffffffff)]);
}

type CastCall = readonly ["Cast", readonly string[], { readonly to: number }];
