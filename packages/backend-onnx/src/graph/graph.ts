import type { DataType } from "@tensorflow/tfjs-core";

/** The dtypes that this backend computes with. Booleans lie in memory as one byte each. */
export type ElementType = Extract<DataType, "float32" | "int32" | "bool">;

/** JSON-like constants of an operation; they are part of the compiled graph's signature. */
export type Attributes = Readonly<Record<string, unknown>>;

/**
 * One array of the recorded program: data in memory, or the promised result of a recorded node.
 * It loses its `producer` when it has been computed.
 */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  /** The node that will compute this value; undefined once `storage` holds the data. */
  producer: GraphNode | undefined;
  /** Which of the producer's outputs this value is. */
  readonly outputIndex: number;
  storage: Storage | undefined;
}

/** Memory that ONNX Runtime reads and writes in place. */
export interface Storage {
  /** The address as an OrtValue handle (`OrtValue*`), made once and reused by every run. */
  readonly handle: bigint;
  readonly byteLength: number;
  /** Whether it lies in memory that JavaScript does not see. */
  readonly onDevice: boolean;
  /** Whether nothing may be written there, as in a file. Default false. */
  readonly readOnly?: boolean;
  /** A view of the same memory; no copy. Throws on a device. */
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

/** How one operation is written as ONNX nodes. Operations are stateless and compared by name. */
export interface Operation {
  /** Unique among all operations: it stands in the graph's signature. */
  readonly name: string;
  /** The input whose memory the result may take, so that nothing is copied, where nothing else reads it. Default none. */
  readonly overwrites?: number;
  /**
   * Writes ONNX nodes that compute `node.outputs` from the values named `inputs`
   * into the names `outputs`. Shapes, dtypes and attributes are read from `node`.
   */
  emit(graph: GraphEmitter, inputs: readonly string[], outputs: readonly string[], node: GraphNode): void;
}

/** Attribute values of an ONNX node. Numbers are written as int64 unless wrapped by {@link float}. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** Writes one ONNX graph. Names are valid within that graph only. */
export interface GraphEmitter {
  /** Whether float64 is computed as such; otherwise float32 stands in for it, and formulas have to spare digits. */
  readonly float64: boolean;
  /** Adds a node. `domain` is "" (ai.onnx, opset 21) unless given, e.g. "com.microsoft". */
  node(
    operatorType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): void;
  /** Adds a node with one output and gives that output's fresh name. */
  apply(
    operatorType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /** A one-dimensional int64 constant (shapes, axes, starts, ...); equal constants are shared. */
  int64(values: readonly number[]): string;
  /** A scalar int64 constant. */
  int64Scalar(value: number): string;
  /** A scalar constant of the given dtype. */
  scalar(value: number, dtype: ElementType): string;
  /** A fresh name for an intermediate result. */
  temporary(): string;
}
