import { numberOf, type Replacements } from "./typed-graph.ts";

/** Replaces normalizations by other operators where ONNX Runtime 1.30 would leave the second output as zeros. */
export const NORMALIZATION: Replacements = {
  SimplifiedLayerNormalization(graph, { inputs: [x = "", weight = ""], attributes, outputs }) {
    if (outputs < 2) return undefined;
    const mean = graph.apply("ReduceMean", [graph.apply("Mul", [x, x]), graph.int64([-1])], { keepdims: 1 });
    const shifted = graph.apply("Add", [mean, graph.scalar(numberOf(attributes["epsilon"], 1e-5), "float32")]);
    const inverse = graph.apply("Reciprocal", [graph.apply("Sqrt", [shifted])]);
    return [graph.apply("Mul", [graph.apply("Mul", [x, inverse]), weight]), inverse];
  },
};
