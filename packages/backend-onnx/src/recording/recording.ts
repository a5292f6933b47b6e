import { BackendError } from "../backend-error.ts";
import type { Attributes, Operation } from "../graph/graph.ts";
import { interner, kindText, type Interner } from "./interner.ts";
import type { ResultType } from "../kernel.ts";
import type { Destinations } from "../ort/ort-session.ts";
import { programError } from "../graph/compile.ts";
import { buildProgram, clearPositions, type Program } from "./program.ts";
import { sizeOf } from "../memory/storage.ts";
import { recordedNode, RecordedValue, type RecordedNode } from "./recorded-value.ts";

/** Runs a program. Afterwards its outputs have storage. */
export type ProgramRunner = (program: Program, destinations: Destinations | undefined) => void;

export interface RecordingOptions {
  readonly run: ProgramRunner;
  /** Minimum number of pending nodes at which {@link Recording.flushIfFull} flushes. */
  readonly pendingNodes: number;
  /** Maximum number of bytes that only pending nodes need. Above it, {@link Recording.flushIfFull} flushes. */
  readonly pendingBytes: number;
}

/** The nodes that are recorded but have not run yet. */
export interface Recording {
  readonly pending: number;
  record(
    operation: Operation,
    inputs: readonly RecordedValue[],
    results: readonly ResultType[],
    attributes: Attributes,
  ): readonly RecordedValue[];
  /** Returns the same data with a different shape of the same size. Valid until the next flush. */
  view(value: RecordedValue, shape: readonly number[]): RecordedValue;
  /** Removes one owner of the value. */
  drop(value: RecordedValue): void;
  /**
   * Runs every node whose results are owned, and every node that these need; discards the others. A failing node does
   * not throw here: its outputs get the error as their `failure`, and all other nodes run.
   */
  flush(destinations?: Destinations): void;
  /** Flushes if too much is pending. Must be called only when every value that is still needed has an owner. */
  flushIfFull(): void;
}

const VIEW: Operation = {
  name: "View",
  emit(graph, [input = ""], outputs, { outputs: [output] }) {
    graph.node("Reshape", [input, graph.int64(output?.shape ?? [])], outputs);
  },
};

export function recording({ run, pendingNodes, pendingBytes }: RecordingOptions): Recording {
  return new PendingNodes(run, pendingNodes, pendingBytes);
}

class PendingNodes implements Recording {
  readonly #run: ProgramRunner;
  readonly #pendingNodes: number;
  readonly #pendingBytes: number;
  readonly #numbers: Interner = interner();
  readonly #views = new Map<RecordedValue, readonly RecordedValue[]>();
  #nodes: RecordedNode[] = [];
  /** Bytes of values without an owner that pending nodes still read. */
  #keptBytes = 0;

  constructor(run: ProgramRunner, pendingNodes: number, pendingBytes: number) {
    this.#run = run;
    this.#pendingNodes = pendingNodes;
    this.#pendingBytes = pendingBytes;
  }

  get pending(): number {
    return this.#nodes.length;
  }

  record(
    operation: Operation,
    inputs: readonly RecordedValue[],
    results: readonly ResultType[],
    attributes: Attributes,
  ): readonly RecordedValue[] {
    for (const input of inputs) if (input.failure !== undefined) throw input.failure;
    const outputs = results.map(({ shape, dtype }, index) => new RecordedValue(shape, dtype, index));
    const kind = this.#numbers.number(kindText(operation, inputs.length, results, attributes));
    this.#nodes.push(recordedNode(operation, inputs, outputs, attributes, kind));
    return outputs;
  }

  view(value: RecordedValue, shape: readonly number[]): RecordedValue {
    if (sameShape(value.shape, shape)) return value;
    assertSameSize(value.shape, shape);
    const views = this.#views.get(value) ?? [];
    const known = views.find((view) => sameShape(view.shape, shape));
    if (known !== undefined) return known;
    const [view] = this.record(VIEW, [value], [{ shape, dtype: value.dtype }], {});
    if (view === undefined) throw new Error("a view has one output");
    this.#views.set(value, [...views, view]);
    return view;
  }

  drop(value: RecordedValue): void {
    value.owners--;
    if (value.owners === 0 && value.readers > 0) this.#keptBytes += value.storage?.byteLength ?? 0;
    value.releaseIfUnused();
  }

  flushIfFull(): void {
    if (this.#nodes.length >= this.#pendingNodes || this.#keptBytes > this.#pendingBytes) this.flush();
  }

  flush(destinations?: Destinations): void {
    const nodes = neededNodes(this.#nodes);
    this.#nodes = [];
    this.#views.clear();
    this.#keptBytes = 0;
    if (nodes.length === 0) return;
    if (!this.#attempt(nodes, destinations)) this.#runOneByOne(nodes, destinations);
  }

  /** Runs the nodes as one program. If a program of several nodes fails, restores the state and returns false. */
  #attempt(nodes: readonly RecordedNode[], destinations: Destinations | undefined): boolean {
    for (const node of nodes) for (const input of node.inputs) input.readers--;
    const program = buildProgram(nodes, this.#numbers);
    try {
      this.#run(program, destinations);
    } catch (error) {
      if (nodes.length === 1) fail(nodes, programError(program, error));
      else for (const node of nodes) for (const input of node.inputs) input.readers++;
      return nodes.length === 1;
    } finally {
      clearPositions(program);
    }
    for (const node of nodes) for (const output of node.outputs) output.producer = undefined;
    for (const leaf of [...program.leaves, ...program.frozen]) leaf.releaseIfUnused();
    return true;
  }

  /** Runs each node as a separate program to find the one that fails. Nodes that depend on it fail too. */
  #runOneByOne(nodes: readonly RecordedNode[], destinations: Destinations | undefined): void {
    for (const node of nodes) {
      const failed = node.inputs.find((input) => input.failure !== undefined);
      if (failed?.failure === undefined) {
        this.#attempt([node], destinations);
        continue;
      }
      for (const input of node.inputs) {
        input.readers--;
        input.releaseIfUnused();
      }
      fail([node], failed.failure);
    }
  }
}

/** Returns the nodes whose outputs have an owner or are read by a needed node. The others release their inputs. */
function neededNodes(nodes: readonly RecordedNode[]): RecordedNode[] {
  const needed: RecordedNode[] = [];
  // Backwards, so that all readers of a value come before its producer.
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index];
    if (node === undefined) continue;
    if (node.outputs.some((output) => output.owners > 0 || output.readers > 0)) {
      needed.push(node);
      continue;
    }
    for (const input of node.inputs) {
      input.readers--;
      input.releaseIfUnused();
    }
  }
  return needed.reverse();
}

function fail(nodes: readonly RecordedNode[], failure: BackendError): void {
  for (const node of nodes) {
    for (const output of node.outputs) {
      output.producer = undefined;
      output.failure = failure;
    }
  }
}

/** Throws {@link BackendError} "unsupported" if two shapes have different numbers of elements. */
export function assertSameSize(from: readonly number[], to: readonly number[]): void {
  if (sizeOf(from) === sizeOf(to)) return;
  throw new BackendError(
    "unsupported",
    `a tensor of shape [${from.join()}] cannot be read as [${to.join()}]: the numbers of elements differ. ` +
      "Use a shape of the same size.",
  );
}

function sameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((dimension, axis) => dimension === right[axis]);
}
