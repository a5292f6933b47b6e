import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Attributes, ElementType, Operation, Value } from "./graph/graph.ts";

export interface ResultType {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** An input of an operation: a tensor, or a value from {@link Recorder.value}. */
export type Operand = TensorInfo | Value;

/** The backend as kernels see it: records operations, creates leaves, shares data. */
export interface Recorder {
  /** Records an operation with one result. */
  record(operation: Operation, inputs: readonly Operand[], result: ResultType, attributes?: Attributes): TensorInfo;
  /** Records an operation with several results. */
  recordAll(
    operation: Operation,
    inputs: readonly Operand[],
    results: readonly ResultType[],
    attributes?: Attributes,
  ): TensorInfo[];
  /** Returns the value of a tensor. Its `producer` is the operation that computes it. */
  value(tensor: TensorInfo): Value;
  /** Returns whether the recorded operations will only ever run with the tensor's current data. */
  isFixed(tensor: TensorInfo): boolean;
  /** Returns a tensor with the data of `source` and a different shape of the same size. Nothing is copied. */
  alias(source: Operand, shape: readonly number[]): TensorInfo;
  /** Creates a leaf with a copy of `values`. */
  constant(values: Float32Array | Int32Array | Uint8Array, result: ResultType): TensorInfo;
  /** Runs the recorded operations and reads the data, for kernels whose result shape depends on the data. */
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  /** Disposes an intermediate tensor that the kernel made. */
  disposeIntermediate(tensor: TensorInfo): void;
}

/** A tfjs kernel on this backend. Attributes are those of tfjs-core (`kernel_names.ts`). */
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
