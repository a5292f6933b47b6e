import { converted, type Replacement, type Replacements } from "./typed-graph.ts";

/** Kernels that move numbers, and have no form for booleans: these travel as float32. */
export const CARRIED: Replacements = {
  Identity: carried,
  Transpose: carried,
  Tile: carried,
  Concat: carried,
  Pad: carried,
  ScatterND: carried,
  ScatterElements: carried,
};

function carried(
  ...[graph, { operatorType, inputs, attributes, operands }]: Parameters<Replacement>
): readonly string[] | undefined {
  if (operands[0]?.type !== "bool") return undefined;
  const floats = inputs.map((input, index) =>
    operands[index]?.type === "bool" ? converted(graph, input, "float32") : input,
  );
  return [converted(graph, graph.apply(operatorType, floats, attributes), "bool")];
}
