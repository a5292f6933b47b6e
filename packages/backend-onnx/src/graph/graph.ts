import type { DataType } from "@tensorflow/tfjs-core";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { OnnxType } from "./onnx-type.ts";

/** The dtypes that this backend supports. A boolean takes one byte of memory. */
export type ElementType = Extract<DataType, "float32" | "int32" | "bool">;

/** JSON-like constants of an operation, which are part of the compiled graph's signature. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * One array of the recorded program: data in memory, or the result of a recorded node that has not run yet.
 * `producer` becomes undefined when the value has been computed.
 */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The node that will compute this value; undefined once the data is in `storage`. */
  producer: GraphNode | undefined;
  /** The index of this value among the producer's outputs. */
  readonly outputIndex: number;
  storage: Storage | undefined;
}

/** Memory that ONNX Runtime reads and writes in place. */
export interface Storage {
  /** The OrtValue handle (`OrtValue*`), created once and reused by every run. */
  readonly handle: bigint;
  readonly byteLength: number;
  /** Whether it is device memory, which JavaScript cannot access. */
  readonly onDevice: boolean;
  /** Whether writing is forbidden, as in a mapped file. Default false. */
  readonly readOnly?: boolean;
  /** Frees pages of a mapped file, which the system reads again from the file when they are used. */
  readonly dropPages?: () => void;
  /**
   * Returns a view of the memory, without a copy; for a stored matrix, a view of its bytes. Throws for device memory.
   */
  view(): Float32Array | Int32Array | Uint8Array;
  release(): void;
}

/** A recorded call of an operation. Nothing is computed until a result is read. */
export interface GraphNode {
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** How to write one operation as ONNX nodes. Operations are stateless and compared by name. */
export interface Operation {
  /** Unique among all operations, because it identifies the operation in a graph's signature. */
  readonly name: string;
  /** The index of the input whose memory the result may reuse, without a copy, if nothing else reads it. Default none. */
  readonly overwrites?: number;
  /** Sets options that a session needs to run the operation. Default none. */
  readonly prepareSession?: (library: OrtLibrary, options: Pointer) => void;
  /**
   * Writes ONNX nodes that compute `node.outputs` from the values named `inputs` and name them `outputs`.
   * Shapes, dtypes and attributes are in `node`.
   */
  emit(graph: GraphEmitter, inputs: readonly string[], outputs: readonly string[], node: GraphNode): void;
}

/** Attribute values of an ONNX node. Numbers are written as int64; floats must be wrapped by {@link float}. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** Writes one ONNX graph. Names are valid within that graph only. */
export interface GraphEmitter {
  /** Whether float64 is supported; if not, float32 replaces it, and formulas must avoid losing digits. */
  readonly float64: boolean;
  /** Adds a node. `domain` is "" (ai.onnx, opset 21) unless given, e.g. "com.microsoft". */
  node(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): void;
  /** Adds a node with one output and returns a new name for that output. */
  apply(
    operatorType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /**
   * Computes `body` for each element along the first axis of `input`, one after the other, and returns the name of the
   * results, stacked along `axis`. `body` gets the name of an element and returns that of its float32 result.
   */
  scan(input: string, type: OnnxType, axis: number, body: (element: string) => string): string;
  /** Returns the name of a one-dimensional int64 constant (shapes, axes, starts, ...); equal constants are shared. */
  int64(values: readonly number[]): string;
  /** Returns the name of a scalar int64 constant. */
  int64Scalar(value: number): string;
  /** Returns the name of a scalar constant of the given dtype. */
  scalar(value: number, dtype: ElementType): string;
  /** Returns a new name for an intermediate result. */
  temporary(): string;
}
