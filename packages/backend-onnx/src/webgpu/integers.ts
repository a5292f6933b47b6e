import { onnxType } from "./value-type.ts";
import { converted, type Replacement, type Replacements, type TypedGraph } from "./typed-graph.ts";

/** Integers, for which WebGPU has few kernels, and float64, for which it has none: float32 stands in for it. */
export const INTEGERS: Replacements = {
  Abs: forInt32((graph, { inputs: [x = ""] }) => [graph.apply("Max", [x, graph.apply("Neg", [x])])]),
  Neg: forInt32((graph, { inputs: [x = ""] }) => [graph.apply("Sub", [graph.scalar(0, "int32"), x])]),
  Relu: forInt32((graph, { inputs: [x = ""] }) => [graph.apply("Max", [x, graph.scalar(0, "int32")])]),
  Cast(graph, { inputs: [x = ""], attributes, operands: [operand] }) {
    const to = onnxType(attributes["to"]);
    if (to === "float64") return [converted(graph, x, "float32")];
    if (to === "int64" && operand?.type === "float32") return [toInt32(graph, x)];
    return operand?.type === to ? [x] : undefined;
  },
  // Products of int32 wrap in int64 as they do in int32.
  ReduceProd: (graph, { inputs: [x = "", axes = ""], attributes, operands: [operand] }) =>
    operand?.type === "int64"
      ? [graph.apply("ReduceProd", [converted(graph, x, "int32"), axes], attributes)]
      : undefined,
  // The low bits of an int64 are taken on the way from floats to int32 only, which is the short one here.
  BitwiseAnd: (_graph, { inputs: [x = ""], operands: [, mask] }) => (mask?.type === "int64" ? [x] : undefined),
};

/** Truncated; NaN and infinities become 0, as in JavaScript, and what is beyond int32 its bound, other than there. */
function toInt32(graph: TypedGraph, x: string): string {
  const finite = graph.apply("Less", [graph.apply("Abs", [x]), graph.scalar(Infinity, "float32")]);
  return converted(graph, graph.apply("Where", [finite, x, graph.scalar(0, "float32")]), "int32");
}

function forInt32(replacement: Replacement): Replacement {
  return (graph, call) => (call.operands[0]?.type === "int32" ? replacement(graph, call) : undefined);
}
