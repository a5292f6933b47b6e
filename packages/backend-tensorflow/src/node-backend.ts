import type { DataId, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { TensorMetadata } from "./device/native-binding.ts";
import type { TensorTable } from "./device/tensor-table.ts";

/**
 * `NodeJSKernelBackend` of @tensorflow/tfjs-node-gpu 4.22.0 as far as kernels of ours use it; its numbers of tensors
 * are those of {@link TensorTable}.
 */
export interface NodeBackend extends KernelBackend {
  /** Writes values that were given and not needed yet. */
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  /** The tensor of a result; the engine owns it from then on. */
  createOutputTensor(metadata: TensorMetadata): Tensor;
  refCount(dataId: DataId): number;
  /** Set by this package. */
  readonly table: TensorTable;
}

/** Kernels of other backends are never given this one, and these never another one. */
export function nodeBackend(backend: unknown): NodeBackend {
  return backend as NodeBackend;
}

/** The number of a tensor in the table. */
export function tableId(backend: NodeBackend, tensor: TensorInfo): number {
  const [id] = backend.getInputTensorIds([tensor]);
  if (id === undefined) throw new Error("backend-tensorflow: a tensor has no number.");
  return id;
}
