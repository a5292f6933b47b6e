import type { BackendError } from "../backend-error.ts";
import type { StoredType } from "../graph/onnx-type.ts";
import type { Attributes, ElementType, GraphNode, Operation, Storage, Value } from "../graph/graph.ts";

/** A {@link GraphNode} with its interned kind. */
export interface RecordedNode extends GraphNode {
  readonly inputs: readonly RecordedValue[];
  readonly outputs: readonly RecordedValue[];
  /** The interned operation, attributes, number of inputs, and output types; see `interner.ts`. */
  readonly kind: number;
}

/** A {@link Value} with reference counts. Its memory is released when nothing owns it and no pending node reads it. */
export class RecordedValue implements Value {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly outputIndex: number;
  /** Memory type of a stored matrix, whose `dtype` has no meaning; undefined for any other value. */
  readonly storedType: StoredType | undefined;
  producer: RecordedNode | undefined = undefined;
  storage: Storage | undefined = undefined;
  /** The error if computing the value failed. */
  failure: BackendError | undefined = undefined;
  /** Number of data ids that own the value. A value without owners is internal to the graph, never a result. */
  owners = 0;
  /** Number of pending inputs that refer to the value. */
  readers = 0;
  /** The value's position in the program being built; -1 otherwise. */
  position = -1;
  /** ID of the interned dtype and shape; -1 until a program needs it. */
  type = -1;
  /** Whether programs use its values as a constant. Such a program is valid only for this value. */
  frozen = false;
  /** Number of in-place changes. */
  version = 0;

  constructor(shape: readonly number[], dtype: ElementType, outputIndex = 0, storedType?: StoredType) {
    this.shape = shape;
    this.dtype = dtype;
    this.outputIndex = outputIndex;
    this.storedType = storedType;
  }

  releaseIfUnused(): void {
    if (this.owners > 0 || this.readers > 0 || this.storage === undefined) return;
    this.storage.release();
    this.storage = undefined;
  }
}

/** Creates a node and counts it as a reader of its inputs and the producer of its outputs. */
export function recordedNode(
  operation: Operation,
  inputs: readonly RecordedValue[],
  outputs: readonly RecordedValue[],
  attributes: Attributes,
  kind: number,
): RecordedNode {
  const node: RecordedNode = { operation, inputs, attributes, outputs, kind };
  for (const input of inputs) input.readers++;
  for (const output of outputs) output.producer = node;
  return node;
}
