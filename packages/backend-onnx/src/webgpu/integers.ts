import { onnxType } from "./value-type.ts";
import { converted, type Replacement, type Replacements, type TypedGraph } from "./typed-graph.ts";

/**
 * Operators on integers and float64. WebGPU has few kernels for integers and none for float64, which float32 replaces.
 */
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
  // The low 32 bits of a product are the same in int64 and in int32, so int32 wraps correctly.
  ReduceProd: (graph, { inputs: [x = "", axes = ""], attributes, operands: [operand] }) =>
    operand?.type === "int64"
      ? [graph.apply("ReduceProd", [converted(graph, x, "int32"), axes], attributes)]
      : undefined,
  // Only casts from float to int32 use an int64 mask, and they need none here.
  BitwiseAnd: (_graph, { inputs: [x = ""], operands: [, mask] }) => (mask?.type === "int64" ? [x] : undefined),
};

/** Truncates. NaN and infinities become 0 as in JavaScript, but values beyond int32 saturate instead of wrapping. */
function toInt32(graph: TypedGraph, x: string): string {
  const finite = graph.apply("Less", [graph.apply("Abs", [x]), graph.scalar(Infinity, "float32")]);
  return converted(graph, graph.apply("Where", [finite, x, graph.scalar(0, "float32")]), "int32");
}

function forInt32(replacement: Replacement): Replacement {
  return (graph, call) => (call.operands[0]?.type === "int32" ? replacement(graph, call) : undefined);
}
