import { numberOf, type Replacements, type TypedGraph } from "./typed-graph.ts";

/** Fused matrix products, which ONNX Runtime has only for the CPU. */
export const MATRICES: Replacements = {
  FusedMatMul(graph, { inputs: [a = "", b = ""], attributes }) {
    const left = numberOf(attributes["transA"], 0) === 1 ? exchanged(graph, a) : a;
    const right = numberOf(attributes["transB"], 0) === 1 ? exchanged(graph, b) : b;
    const product = graph.apply("MatMul", [left, right]);
    const alpha = numberOf(attributes["alpha"], 1);
    return [alpha === 1 ? product : graph.apply("Mul", [product, graph.scalar(alpha, "float32")])];
  },
};

/** Swaps the last two dimensions. */
function exchanged(graph: TypedGraph, name: string): string {
  const { shape } = graph.typeOf(name);
  if (shape === undefined) throw new Error("the rank of an operand of FusedMatMul is unknown");
  const axes = shape.map((_, axis) => axis);
  return graph.apply("Transpose", [name], { perm: [...axes.slice(0, -2), shape.length - 1, shape.length - 2] });
}
