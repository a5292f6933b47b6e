import { converted, type Replacements, type TypedGraph } from "./typed-graph.ts";

/** Logical operators. WebGPU has kernels only for And and Not. */
export const LOGIC: Replacements = {
  Or: (graph, { inputs: [a = "", b = ""] }) => [
    graph.apply("Not", [graph.apply("And", [graph.apply("Not", [a]), graph.apply("Not", [b])])]),
  ],
  Xor: (graph, { inputs: [a = "", b = ""] }) => [graph.apply("Not", [equal(graph, a, b)])],
  Equal: (graph, { inputs: [a = "", b = ""], operands: [operand] }) =>
    operand?.type === "bool" ? [equal(graph, a, b)] : undefined,
};

function equal(graph: TypedGraph, a: string, b: string): string {
  return graph.apply("Equal", [converted(graph, a, "int32"), converted(graph, b, "int32")]);
}
