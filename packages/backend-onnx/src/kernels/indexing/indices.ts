import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { GraphEmitter, Storage } from "../../graph/graph.ts";
import type { Recorder } from "../../kernel.ts";
import { ONNX_TYPES } from "../../graph/onnx-type.ts";

/** An index that is out of range for every tensor. */
const INVALID_INDEX = 2 ** 31 - 1;

/**
 * Converts int32 indices to int64 and makes negative indices out of range, because ONNX would count them from the end,
 * but tfjs rejects them. A graph with an invalid index therefore fails.
 */
export function checkedIndices(graph: GraphEmitter, indices: string): string {
  const negative = graph.apply("Less", [indices, graph.scalar(0, "int32")]);
  const checked = graph.apply("Where", [negative, graph.scalar(INVALID_INDEX, "int32"), indices]);
  return graph.apply("Cast", [checked], { to: ONNX_TYPES.int64 });
}

/**
 * Converts int32 coordinates [n, k] to int64. Coordinates outside `shape` (k sizes) become out of range; flattened,
 * they would otherwise refer to a different element.
 */
export function checkedCoordinates(graph: GraphEmitter, positions: string, shape: readonly number[]): string {
  const wide = graph.apply("Cast", [positions], { to: ONNX_TYPES.int64 });
  const inside = graph.apply("And", [
    graph.apply("GreaterOrEqual", [wide, graph.int64Scalar(0)]),
    graph.apply("Less", [wide, graph.int64(shape)]),
  ]);
  return graph.apply("Where", [inside, wide, graph.int64Scalar(INVALID_INDEX)]);
}

/**
 * Throws like tfjs's cpu backend for a coordinate outside `limits` (one size for each element of the last dimension) if
 * the indices are in memory. The graph checks indices that are computed later.
 */
export function assertKnownInRange(
  recorder: Recorder,
  kernelName: string,
  indices: TensorInfo,
  limits: readonly number[],
): void {
  const elements = knownElements(recorder, indices);
  const place = elements?.findIndex((index, at) => !(0 <= index && index < (limits[at % limits.length] ?? 0))) ?? -1;
  if (place < 0) return;
  const limit = limits[place % limits.length] ?? 0;
  throw new BackendError(
    "unsupported",
    `${kernelName}: the index value ${elements?.[place]} is not in [0, ${limit - 1}].`,
  );
}

/**
 * Returns the elements of a tensor in memory; undefined if they are not computed yet, are on a device, or change with
 * every call of a compiled function.
 */
export function knownElements(recorder: Recorder, tensor: TensorInfo): ReturnType<Storage["view"]> | undefined {
  if (!recorder.isFixed(tensor)) return undefined;
  const { storage, producer } = recorder.value(tensor);
  const source = producer?.operation.name === "View" ? producer.inputs[0]?.storage : storage;
  return source?.onDevice === false ? source.view() : undefined;
}
