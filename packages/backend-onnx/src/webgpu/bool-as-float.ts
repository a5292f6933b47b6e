import { converted, type Replacement, type Replacements } from "./typed-graph.ts";

/** Operators that move elements and have no WebGPU kernel for booleans. Booleans are cast to float32 and back. */
export const BOOL_AS_FLOAT: Replacements = {
  Identity: throughFloat32,
  Transpose: throughFloat32,
  Tile: throughFloat32,
  Concat: throughFloat32,
  Pad: throughFloat32,
  ScatterND: throughFloat32,
  ScatterElements: throughFloat32,
};

function throughFloat32(
  ...[graph, { operatorType, inputs, attributes, operands }]: Parameters<Replacement>
): readonly string[] | undefined {
  if (operands[0]?.type !== "bool") return undefined;
  const floats = inputs.map((input, index) =>
    operands[index]?.type === "bool" ? converted(graph, input, "float32") : input,
  );
  return [converted(graph, graph.apply(operatorType, floats, attributes), "bool")];
}
