import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Attributes, ElementType, Operation, Value } from "./graph/graph.ts";

/** Shape and dtype of the result of an operation. */
export interface ResultType {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** An input of an operation: a tensor, or a value from {@link Recorder.value}. */
export type Operand = TensorInfo | Value;

/** The backend as kernels see it: records operations, creates leaves, shares data. */
export interface Recorder {
  /** Records one operation with one result. */
  record(operation: Operation, inputs: readonly Operand[], result: ResultType, attributes?: Attributes): TensorInfo;
  /** Records one operation with several results. */
  recordAll(
    operation: Operation,
    inputs: readonly Operand[],
    results: readonly ResultType[],
    attributes?: Attributes,
  ): TensorInfo[];
  /** Returns the value behind a tensor. Its `producer` is the operation that computes it. */
  value(tensor: TensorInfo): Value;
  /** Returns whether the operations recorded now will only ever run with the tensor's current data. */
  isFixed(tensor: TensorInfo): boolean;
  /**
   * Returns a tensor that shares `source`'s data under a different shape of the same size. Nothing is computed or
   * copied.
   */
  alias(source: Operand, shape: readonly number[]): TensorInfo;
  /** Creates a leaf with a copy of `values`. */
  constant(values: Float32Array | Int32Array | Uint8Array, result: ResultType): TensorInfo;
  /** Reads the data immediately, after running the recorded operations. For kernels whose result shape depends on the data. */
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  /** Disposes an intermediate tensor that the kernel made. */
  disposeIntermediate(tensor: TensorInfo): void;
}

/** One tfjs kernel on this backend. Attributes are those of tfjs-core (`kernel_names.ts`). */
export interface Kernel {
  readonly kernelName: string;
  run(call: KernelCall): TensorInfo | TensorInfo[];
}

interface KernelCall {
  /** Tensors by name; an array for the variadic kernels (Concat, AddN, Pack). */
  readonly inputs: unknown;
  readonly attributes: unknown;
  readonly recorder: Recorder;
}
