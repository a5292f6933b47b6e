import type { GraphEmitter } from "../../graph/graph.ts";
import type { OutputNode } from "../tools/operation.ts";

/** Attributes of a cumulative sum or product along `axis`. */
export interface CumulativeAttributes {
  readonly axis: number;
  /** Whether the result at an element leaves out the element itself. */
  readonly exclusive: boolean;
  /** Whether the operation starts at the end of the axis. */
  readonly reverse: boolean;
}

interface Scan extends CumulativeAttributes {
  readonly operatorType: "Add" | "Mul";
  /** Name of a scalar with the neutral element, 0 or 1. */
  readonly neutral: string;
  readonly shape: readonly number[];
}

/**
 * Writes a cumulative sum or product by recursive doubling: step k combines each element with the element 2^k places
 * earlier. The number of steps is logarithmic in the length.
 */
export function scan(graph: GraphEmitter, x: string, { operatorType, exclusive, ...line }: Scan): OutputNode {
  const length = line.shape[line.axis] ?? 1;
  let result = exclusive ? shifted(graph, x, line, 1) : x;
  for (let places = 1; places < length; places *= 2)
    result = graph.apply(operatorType, [result, shifted(graph, result, line, places)]);
  return ["Identity", [result]];
}

/** Shifts elements towards the end of the axis (with `reverse`, towards its start) and fills the gap with `neutral`. */
function shifted(
  graph: GraphEmitter,
  x: string,
  { axis, reverse, neutral, shape }: Omit<Scan, "operatorType" | "exclusive">,
  places: number,
): string {
  const [rank, length] = [shape.length, shape[axis] ?? 1];
  const kept = Math.max(0, length - places);
  const [start, end] = reverse ? [length - kept, length] : [0, kept];
  const [starts, ends, axes] = [start, end, axis].map((value) => graph.int64([value]));
  const part = graph.apply("Slice", [x, starts ?? x, ends ?? x, axes ?? x]);
  const around = Array.from({ length: 2 * rank }, (_, place) =>
    place === axis + (reverse ? rank : 0) ? length - kept : 0,
  );
  return graph.apply("Pad", [part, graph.int64(around), neutral]);
}
