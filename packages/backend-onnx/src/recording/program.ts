import { typeText, type Interner } from "./interner.ts";
import type { RecordedNode, RecordedValue } from "./recorded-value.ts";

/** Recorded nodes as one straight-line program: what it reads, what it gives, and its signature. */
export interface Program {
  /** In the order of recording, which is a topological order. */
  readonly nodes: readonly RecordedNode[];
  /** Values in memory that the nodes read, by first use. */
  readonly leaves: readonly RecordedValue[];
  /** Leaves that are constants of the graph: no run feeds them. */
  readonly frozen: readonly RecordedValue[];
  /** Values that someone holds or a later node reads. */
  readonly outputs: readonly RecordedValue[];
  /**
   * The whole structure as numbers: two programs with equal signatures compile to the same graph.
   * Leaves are in it by type only, never by content; frozen ones by their identity.
   */
  readonly signature: Int32Array;
}

/**
 * Builds the program of `nodes`, whose readers it has already counted off: a result is then whatever
 * still has an owner or a reader.
 */
export function buildProgram(nodes: readonly RecordedNode[], types: Interner): Program {
  const words: number[] = [];
  const leaves: RecordedValue[] = [];
  const outputs: RecordedValue[] = [];
  let position = 0;
  for (const node of nodes) {
    words.push(node.kind);
    for (const input of node.inputs) {
      if (input.position < 0) {
        // A place that no node gave: whoever compares knows from its number that here is a new leaf.
        input.position = position++;
        leaves.push(input);
      }
      words.push(input.position);
    }
    for (const output of node.outputs) {
      output.position = position++;
      if (output.owners > 0 || output.readers > 0) outputs.push(output);
    }
  }
  for (const leaf of leaves) {
    if (leaf.type < 0) leaf.type = types.number(leaf.frozen ? `frozen ${frozenCount++}` : typeText(leaf));
    words.push(leaf.type);
  }
  for (const output of outputs) words.push(output.position);
  words.push(nodes.length, leaves.length, outputs.length);
  const fed = leaves.filter((leaf) => !leaf.frozen);
  const frozen = leaves.length === fed.length ? [] : leaves.filter((leaf) => leaf.frozen);
  return { nodes, leaves: fed, frozen, outputs, signature: Int32Array.from(words) };
}

/** Numbers frozen values; none is given twice. */
let frozenCount = 0;

/** Forgets the places that {@link buildProgram} gave to values. */
export function clearPositions({ nodes, leaves, frozen }: Program): void {
  for (const leaf of [...leaves, ...frozen]) leaf.position = -1;
  for (const node of nodes) for (const output of node.outputs) output.position = -1;
}
