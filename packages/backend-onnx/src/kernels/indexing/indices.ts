import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { GraphEmitter, Storage } from "../../graph/graph.ts";
import type { Recorder } from "../../kernel.ts";
import { ONNX_TYPES } from "../../graph/onnx-type.ts";

/** An index that no tensor has. */
const NOWHERE = 2 ** 31 - 1;

/**
 * Writes int32 indices as int64 in which negative ones are out of range too. ONNX counts them from the end, tfjs
 * refuses them; so a graph with a wrong index fails, and never reads another place.
 */
export function checkedIndices(graph: GraphEmitter, indices: string): string {
  const negative = graph.apply("Less", [indices, graph.scalar(0, "int32")]);
  const checked = graph.apply("Where", [negative, graph.scalar(NOWHERE, "int32"), indices]);
  return graph.apply("Cast", [checked], { to: ONNX_TYPES.int64 });
}

/**
 * Writes int32 positions [n, k] as int64 in which a coordinate outside of `shape` (k sizes) is out of range in any
 * tensor: flattened, it would fall on another place.
 */
export function checkedCoordinates(graph: GraphEmitter, positions: string, shape: readonly number[]): string {
  const wide = graph.apply("Cast", [positions], { to: ONNX_TYPES.int64 });
  const inside = graph.apply("And", [
    graph.apply("GreaterOrEqual", [wide, graph.int64Scalar(0)]),
    graph.apply("Less", [wide, graph.int64(shape)]),
  ]);
  return graph.apply("Where", [inside, wide, graph.int64Scalar(NOWHERE)]);
}

/**
 * Throws as tfjs's cpu backend does where a coordinate lies outside of `limits` (one size for each place of the last
 * dimension), if the indices are in memory already. Those that are still to be computed are checked by the graph.
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
 * The numbers of a tensor that is in memory, also under another shape; undefined for one to be computed, on a device, or
 * bound anew at every call of a compiled function.
 */
export function knownElements(recorder: Recorder, tensor: TensorInfo): ReturnType<Storage["view"]> | undefined {
  if (!recorder.isFixed(tensor)) return undefined;
  const { storage, producer } = recorder.value(tensor);
  const source = producer?.operation.name === "View" ? producer.inputs[0]?.storage : storage;
  return source?.onDevice === false ? source.view() : undefined;
}
