import * as tf from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { constant, kernel } from "../tools/operation.ts";
import type { TensorInfo } from "@tensorflow/tfjs-core";

/**
 * The insertion points of values in sorted rows. ONNX has no such operator, so JavaScript reads and searches the data.
 */
export const SORTED_SEARCH_KERNELS: readonly Kernel[] = [
  kernel<tf.SearchSortedInputs, tf.SearchSortedAttrs>(
    tf.SearchSorted,
    ({ sortedSequence, values }, { side }, recorder) => searchSorted(recorder, sortedSequence, values, side),
  ),
];

/**
 * Both tensors are [rows, ...]. The insertion point is before equal elements if `side` is "left", otherwise after them.
 */
function searchSorted(recorder: Recorder, sorted: TensorInfo, values: TensorInfo, side: "left" | "right"): TensorInfo {
  const [rows = 0, length = 0] = sorted.shape;
  const [elements, wanted] = [recorder.readSync(sorted.dataId), recorder.readSync(values.dataId)];
  const perRow = (values.shape[1] ?? 0) * (rows > 0 ? 1 : 0);
  const places = Int32Array.from(wanted, (value, index) => {
    const first = Math.floor(index / perRow) * length;
    return bound(elements.subarray(first, first + length), value, side);
  });
  return constant(recorder, places, { shape: values.shape, dtype: "int32" });
}

function bound(elements: ArrayLike<number>, value: number, side: "left" | "right"): number {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const element = elements[middle] ?? NaN;
    if (side === "left" ? element < value : element <= value) low = middle + 1;
    else high = middle;
  }
  return high;
}
