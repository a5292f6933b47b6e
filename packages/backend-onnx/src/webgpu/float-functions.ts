import { numberOf, type Replacements, type TypedGraph } from "./typed-graph.ts";

/** Float functions without a WebGPU kernel. */
export const FLOAT_FUNCTIONS: Replacements = {
  Round: (graph, { inputs: [x = ""] }) => [round(graph, x)],
  Sign: (graph, { inputs: [x = ""] }) => [sign(graph, x)],
  Selu: (graph, { inputs: [x = ""], attributes }) => {
    const elu = graph.apply("Elu", [x], { alpha: { float: numberOf(attributes["alpha"], 1.67326319217681884765625) } });
    const gamma = graph.scalar(numberOf(attributes["gamma"], 1.05070102214813232421875), "float32");
    return [graph.apply("Mul", [elu, gamma])];
  },
  LogSoftmax: (graph, { inputs: [x = ""], attributes }) => [logSoftmax(graph, x, numberOf(attributes["axis"], -1))],
  Sum: (graph, { inputs: [first = "", ...others] }) => [
    others.reduce((total, term) => graph.apply("Add", [total, term]), first),
  ],
  // Only NaN is not equal to itself.
  IsNaN: (graph, { inputs: [x = ""] }) => [graph.apply("Not", [graph.apply("Equal", [x, x])])],
  IsInf: (graph, { inputs: [x = ""] }) => [isInfinite(graph, x)],
  Mod: (graph, { inputs: [x = "", y = ""], operands: [{ type } = { type: "int32" }] }) =>
    type === "float32" ? [remainder(graph, x, y)] : undefined,
};

/** Rounds to the nearest integer, halves to even. */
function round(graph: TypedGraph, x: string): string {
  const [half, one] = [graph.scalar(0.5, "float32"), graph.scalar(1, "float32")];
  const below = graph.apply("Floor", [x]);
  const above = graph.apply("Add", [below, one]);
  const fraction = graph.apply("Sub", [x, below]);
  const pairs = graph.apply("Floor", [graph.apply("Mul", [above, half])]);
  const even = graph.apply("Add", [pairs, pairs]);
  const near = graph.apply("Where", [graph.apply("Equal", [fraction, half]), even, below]);
  return graph.apply("Where", [graph.apply("Greater", [fraction, half]), above, near]);
}

/** Returns 1, 0 or -1; NaN for NaN. */
function sign(graph: TypedGraph, x: string): string {
  const [one, zero, minusOne] = [1, 0, -1].map((value) => graph.scalar(value, "float32"));
  const signed = graph.apply("Where", [
    graph.apply("Less", [x, zero ?? ""]),
    minusOne ?? "",
    graph.apply("Where", [graph.apply("Equal", [x, x]), zero ?? "", x]),
  ]);
  return graph.apply("Where", [graph.apply("Greater", [x, zero ?? ""]), one ?? "", signed]);
}

function logSoftmax(graph: TypedGraph, x: string, axis: number): string {
  const axes = graph.int64([axis]);
  const shifted = graph.apply("Sub", [x, graph.apply("ReduceMax", [x, axes], { keepdims: 1 })]);
  const sum = graph.apply("ReduceSum", [graph.apply("Exp", [shifted]), axes], { keepdims: 1 });
  return graph.apply("Sub", [shifted, graph.apply("Log", [sum])]);
}

function isInfinite(graph: TypedGraph, x: string): string {
  return graph.apply("Equal", [graph.apply("Abs", [x]), graph.scalar(Infinity, "float32")]);
}

/** Returns the remainder with the sign of `x`, like C's fmod; `x` itself if the divisor is infinite. */
function remainder(graph: TypedGraph, x: string, y: string): string {
  const quotient = graph.apply("Div", [x, y]);
  const negative = graph.apply("Less", [quotient, graph.scalar(0, "float32")]);
  const whole = graph.apply("Where", [negative, graph.apply("Ceil", [quotient]), graph.apply("Floor", [quotient])]);
  const rest = graph.apply("Sub", [x, graph.apply("Mul", [whole, y])]);
  const kept = graph.apply("And", [isInfinite(graph, y), graph.apply("Not", [isInfinite(graph, x)])]);
  return graph.apply("Where", [kept, x, rest]);
}
