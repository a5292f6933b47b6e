import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "../indexing/fill.ts";
import { checkedIndices, knownElements } from "../indexing/indices.ts";
import { isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";
import { segmentSum } from "../indexing/scatter.ts";

/**
 * Converts the bins of each row [rows, columns] to bins of all rows, one row after the other; -1 for a number beyond
 * the last bin.
 */
const BINS_OF_ROWS = operation(
  "BinsOfRows",
  ({ graph, operands: [operand], attributes: { size } }: EmitContext<{ readonly size: number }>, numbers) => {
    const [rows = 0] = operand?.shape ?? [];
    const [zero, width] = [graph.scalar(0, "int32"), graph.scalar(size, "int32")];
    const starts = graph.apply("Range", [zero, graph.scalar(rows * size, "int32"), width]);
    const column = graph.apply("Unsqueeze", [starts, graph.int64([1])]);
    const inside = graph.apply("Less", [numbers, width]);
    return ["Where", [inside, graph.apply("Add", [nonNegative(graph, numbers), column]), graph.scalar(-1, "int32")]];
  },
);

/** Counts how often each number from 0 to `size - 1` occurs, or sums the weights at its positions. */
export const COUNTING_KERNELS: readonly Kernel[] = [
  kernel<tf.BincountInputs, tf.BincountAttrs>(tf.Bincount, ({ x, weights }, { size }, recorder) =>
    compose(recorder, (inner) =>
      count(inner, inner.alias(x, [1, tf.util.sizeFromShape(x.shape)]), weights, size, false, [size]),
    ),
  ),
  kernel<tf.DenseBincountInputs, tf.DenseBincountAttrs>(
    tf.DenseBincount,
    ({ x, weights }, { size, binaryOutput }, recorder) => {
      const { length: rank } = x.shape;
      if (rank !== 1 && rank !== 2)
        throw new BackendError("unsupported", `denseBincount of rank ${rank}: the input must be a vector or a matrix.`);
      const rows = rank === 1 ? [1, ...x.shape] : x.shape;
      const shape = [...x.shape.slice(0, -1), size];
      return compose(recorder, (inner) =>
        count(inner, inner.alias(x, rows), weights, size, rank === 2 && binaryOutput === true, shape),
      );
    },
  ),
];

/**
 * Counts, for each row of `numbers` [rows, columns], how often each value occurs, or sums the weights at its positions.
 */
function count(
  recorder: Recorder,
  numbers: TensorInfo,
  weights: TensorInfo,
  size: number,
  binary: boolean,
  shape: readonly number[],
): TensorInfo {
  const dtype = elementType(weights);
  const [rows = 0, columns = 0] = numbers.shape;
  knownElements(recorder, numbers)?.forEach((number) => {
    tf.util.assert(number >= 0, () => `bincount: ${number} is negative. Input x must be non-negative!`);
  });
  if (isEmpty([rows, columns, size])) return fill(recorder, shape, 0, dtype);
  const result = { shape: numbers.shape, dtype: "int32" } as const;
  const bins = record(recorder, BINS_OF_ROWS, [cast(recorder, numbers, "int32")], result, { size });
  const one = binary || isEmpty(weights.shape);
  const flat = [rows * columns];
  const addends = one ? fill(recorder, flat, 1, dtype) : recorder.alias(weights, flat);
  const sums = recorder.alias(segmentSum(recorder, addends, recorder.alias(bins, flat), rows * size), shape);
  return cast(recorder, binary ? cast(recorder, sums, "bool") : sums, dtype);
}

/** Fails for a negative number when the graph runs: the number indexes an array of one zero out of range. */
function nonNegative(graph: EmitContext["graph"], numbers: string): string {
  const zeros = graph.apply("Expand", [graph.scalar(0, "int32"), graph.int64([1])]);
  const negative = graph.apply("Min", [numbers, graph.scalar(0, "int32")]);
  return graph.apply("Add", [numbers, graph.apply("Gather", [zeros, checkedIndices(graph, negative)], { axis: 0 })]);
}
