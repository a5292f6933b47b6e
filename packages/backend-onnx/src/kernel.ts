import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Attributes, ElementType, Operation, Value } from "./graph/graph.ts";

/** Shape and dtype of a result that is to be recorded. */
export interface ResultType {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
}

/** What an operation reads: a tensor, or a value that was found through {@link Recorder.value}. */
export type Operand = TensorInfo | Value;

/** What a kernel may ask of the backend: record work, make leaves, share data. */
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
  /** The value behind a tensor; its producer tells a kernel where an operand comes from. */
  value(tensor: TensorInfo): Value;
  /** Whether what is recorded now will only ever be run with the data that the tensor holds now. */
  isFixed(tensor: TensorInfo): boolean;
  /** A tensor that shares `source`'s data under another shape of the same size (no work, one more reference). */
  alias(source: Operand, shape: readonly number[]): TensorInfo;
  /** A leaf that holds a copy of `values`. */
  constant(values: Float32Array | Int32Array | Uint8Array, result: ResultType): TensorInfo;
  /** Reads the data now (runs what is recorded). For kernels whose result's shape depends on the data. */
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  /** Gives back an intermediate tensor that the kernel made itself. */
  disposeIntermediate(tensor: TensorInfo): void;
}

/** One tfjs kernel on this backend. Attributes are tfjs-core's own (`kernel_names.ts`). */
export interface Kernel {
  readonly kernelName: string;
  run(call: KernelCall): TensorInfo | TensorInfo[];
}

interface KernelCall {
  /** Tensors by name; an array for the variadic kernels (Concat, AddN, Pack). The kernel's name decides which. */
  readonly inputs: unknown;
  readonly attributes: unknown;
  readonly recorder: Recorder;
}
