import type { BackendError } from "../backend-error.ts";
import type { Attributes, ElementType, GraphNode, Operation, Storage, Value } from "../graph/graph.ts";

/** A {@link GraphNode} as the runtime keeps it. */
export interface RecordedNode extends GraphNode {
  readonly inputs: readonly RecordedValue[];
  readonly outputs: readonly RecordedValue[];
  /** Stands for operation, attributes, number of inputs, and types of the outputs; see `interner.ts`. */
  readonly kind: number;
}

/** A {@link Value} with its bookkeeping. Its memory goes back when nothing owns it and nothing recorded reads it. */
export class RecordedValue implements Value {
  readonly shape: readonly number[];
  readonly dtype: ElementType;
  readonly outputIndex: number;
  producer: RecordedNode | undefined = undefined;
  storage: Storage | undefined = undefined;
  /** Why it could not be computed. */
  failure: BackendError | undefined = undefined;
  /** How many data ids hold it. A value without owners is an inner edge of the graph, never a result. */
  owners = 0;
  /** How often pending nodes read it. */
  readers = 0;
  /** Its place in the program being built; -1 outside of that. */
  position = -1;
  /** The interned dtype and shape; -1 until a program needs it. */
  type = -1;
  /** Whether programs take its content as a constant, and are good for this very value only. */
  frozen = false;
  /** Counts changes in place. */
  version = 0;

  constructor(shape: readonly number[], dtype: ElementType, outputIndex = 0) {
    this.shape = shape;
    this.dtype = dtype;
    this.outputIndex = outputIndex;
  }

  releaseIfUnused(): void {
    if (this.owners > 0 || this.readers > 0 || this.storage === undefined) return;
    this.storage.release();
    this.storage = undefined;
  }
}

/** Makes a node and its outputs, and counts it as a reader of its inputs. */
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
