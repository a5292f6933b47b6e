import { numberOf, type NodeCall, type Replacements, type TypedGraph } from "./typed-graph.ts";

/** Operators that select parts of tensors. */
export const INDEXING: Replacements = {
  Range: sequence,
  Slice: (graph, call) => (call.operands[0]?.type === "float32" ? undefined : takeSlices(graph, call)),
  GatherND: gatherRows,
};

/** Maximum length of a sequence. A longer one would make the graph too large. */
const LONGEST_SEQUENCE = 1_000_000;

/** Returns a sequence of numbers that are known when the graph is written. */
function sequence(graph: TypedGraph, { inputs }: NodeCall): readonly string[] | undefined {
  const [start, limit, step] = inputs.map((input) => graph.constant(input)?.[0]);
  if (start === undefined || limit === undefined || step === undefined) return undefined;
  const length = Math.max(0, Math.ceil((limit - start) / step));
  if (length > LONGEST_SEQUENCE) return undefined;
  return [graph.int64(Array.from({ length }, (_, index) => start + index * step))];
}

/** Replaces a slice, because WebGPU slices only floats: gathers indices along one axis after the other. */
function takeSlices(
  graph: TypedGraph,
  { inputs: [x = "", ...bounds], operands: [operand] }: NodeCall,
): readonly string[] | undefined {
  const [starts, ends, axes, steps] = bounds.map((bound) => graph.constant(bound));
  const { shape } = operand ?? {};
  if (starts === undefined || ends === undefined || shape === undefined) return undefined;
  const taken = starts.reduce((part, start, index) => {
    const axis = axes?.[index] ?? index;
    const positions = positionsOf(shape[axis] ?? 0, start, ends[index] ?? 0, steps?.[index] ?? 1);
    return graph.apply("Gather", [part, graph.int64(positions)], { axis });
  }, x);
  return [taken];
}

function positionsOf(length: number, start: number, end: number, step: number): number[] {
  const within = (place: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, place < 0 ? place + length : place));
  const positions: number[] = [];
  if (step > 0) {
    const stop = within(end, 0, length);
    for (let place = within(start, 0, length); place < stop; place += step) positions.push(place);
  } else {
    const stop = within(end, -1, length - 1);
    for (let place = within(start, 0, length - 1); place > stop; place += step) positions.push(place);
  }
  return positions;
}

/** Converts indices with several coordinates to row numbers, for Gather. */
function gatherRows(
  graph: TypedGraph,
  { inputs: [x = "", indices = ""], operands, attributes }: NodeCall,
): readonly string[] | undefined {
  const [shape, indexShape] = operands.map((operand) => operand.shape);
  if (shape === undefined || indexShape === undefined) return undefined;
  const batchDims = numberOf(attributes["batch_dims"], 0);
  const coordinates = indexShape.at(-1) ?? 0;
  const leading = shape.slice(batchDims, batchDims + coordinates);
  const rest = shape.slice(batchDims + coordinates);
  const batches = sizeOf(shape.slice(0, batchDims));
  const strides = leading.map((_, axis) => sizeOf(leading.slice(axis + 1)));
  const weighted = graph.apply("Mul", [indices, graph.int64(strides)]);
  const within = graph.apply("ReduceSum", [weighted, graph.int64([-1])], { keepdims: 0 });
  const count = sizeOf(indexShape.slice(0, -1));
  const grid = graph.apply("Reshape", [within, graph.int64([batches, count / batches])]);
  const firstRows = Array.from({ length: batches }, (_, batch) => batch * sizeOf(leading));
  const offsets = graph.apply("Reshape", [graph.int64(firstRows), graph.int64([batches, 1])]);
  const rows = graph.apply("Reshape", [graph.apply("Add", [grid, offsets]), graph.int64([count])]);
  const table = graph.apply("Reshape", [x, graph.int64([batches * sizeOf(leading), sizeOf(rest)])]);
  const gathered = graph.apply("Gather", [table, rows], { axis: 0 });
  return [graph.apply("Reshape", [gathered, graph.int64([...indexShape.slice(0, -1), ...rest])])];
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
