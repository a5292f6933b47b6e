import type { DataType } from "@tensorflow/tfjs-core";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { OnnxType } from "./onnx-type.ts";

/** The dtypes of this backend. A boolean takes one byte. */
export type ElementType = Extract<DataType, "float32" | "int32" | "bool">;

/** JSON constants of an operation. They are part of the compiled graph's signature. */
export type Attributes = Readonly<Record<string, unknown>>;

/** An array of the recorded program: data in memory, or the result of a recorded node that has not run yet. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The node that will compute this value; undefined once the data is in `storage`. */
  producer: GraphNode | undefined;
  /** Index of this value among the producer's outputs. */
  readonly outputIndex: number;
  storage: Storage | undefined;
}

/** Memory that ONNX Runtime reads and writes in place. */
export interface Storage {
  /** The OrtValue (`OrtValue*`), created once and reused by every run. */
  readonly handle: bigint;
  readonly byteLength: number;
  /** Whether the memory is on a device and inaccessible to JavaScript. */
  readonly onDevice: boolean;
  /** Whether writing is forbidden, as in a mapped file. Default false. */
  readonly readOnly?: boolean;
  /** Frees pages of a mapped file. The system reads them again at the next use. */
  readonly dropPages?: () => void;
  /**
   * Returns a view of the memory without a copy; for a stored matrix, a view of its bytes. Throws for device memory.
   */
  view(): Float32Array | Int32Array | Uint8Array;
  release(): void;
}

/** A recorded call of an operation. It runs when a result is needed. */
export interface GraphNode {
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** Writes one operation as ONNX nodes. Operations are stateless and compared by name. */
export interface Operation {
  /** Unique among all operations, because it identifies the operation in a graph's signature. */
  readonly name: string;
  /** Index of an input whose memory the result may use if nothing else reads the input. Default: none. */
  readonly overwrites?: number;
  /** Sets options that a session needs to run the operation. Default none. */
  readonly prepareSession?: (library: OrtLibrary, options: Pointer) => void;
  /**
   * Writes ONNX nodes that compute `node.outputs`. `inputs` and `outputs` are the names of the values in the graph.
   * Shapes, dtypes and attributes are in `node`.
   */
  emit(graph: GraphEmitter, inputs: readonly string[], outputs: readonly string[], node: GraphNode): void;
}

/** Attribute values of an ONNX node. Numbers are written as int64; {@link float} wraps floats. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** Writes one ONNX graph. Names are valid only in this graph. */
export interface GraphEmitter {
  /** Whether float64 is supported. Without it, float32 is used, and formulas must avoid losing digits. */
  readonly float64: boolean;
  /** Adds a node. `domain` defaults to "" (ai.onnx, opset 21); another domain is "com.microsoft". */
  node(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): void;
  /** Adds a node with one output and returns a new name for the output. */
  apply(
    operatorType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /**
   * Computes `body` for each element along the first axis of `input`, one at a time. Returns the name of the results,
   * stacked along `axis`. `body` gets the name of an element and returns the name of its float32 result.
   */
  scan(input: string, type: OnnxType, axis: number, body: (element: string) => string): string;
  /** Returns the name of a one-dimensional int64 constant. Equal constants are shared. */
  int64(values: readonly number[]): string;
  /** Returns the name of a scalar int64 constant. */
  int64Scalar(value: number): string;
  /** Returns the name of a scalar constant. */
  scalar(value: number, dtype: ElementType): string;
  /** Returns a new name for an intermediate result. */
  temporary(): string;
}
