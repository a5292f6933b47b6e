import type { DataId, KernelBackend, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import type { TensorMetadata } from "./device/native-binding.ts";
import type { TensorTable } from "./device/tensor-table.ts";

/**
 * The part of `NodeJSKernelBackend` of @tensorflow/tfjs-node-gpu 4.22.0 that this package's kernels use. Its tensor ids
 * are those of {@link TensorTable}.
 */
export interface NodeBackend extends KernelBackend {
  /** Returns the ids of tensors. Uploads values that are not on the device yet. */
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  /** Creates the tensor of a result. The engine owns it. */
  createOutputTensor(metadata: TensorMetadata): Tensor;
  refCount(dataId: DataId): number;
  readonly table: TensorTable;
}

/** Returns the backend that tfjs passes to a kernel of this package. */
export function nodeBackend(backend: unknown): NodeBackend {
  return backend as NodeBackend;
}

export function tableId(backend: NodeBackend, tensor: TensorInfo): number {
  const [id] = backend.getInputTensorIds([tensor]);
  if (id === undefined) throw new Error("backend-tensorflow: a tensor has no id.");
  return id;
}
