import { typeText, type Interner } from "./interner.ts";
import type { RecordedNode, RecordedValue } from "./recorded-value.ts";

/** Recorded nodes as a straight-line program. */
export interface Program {
  /** The nodes in the order of recording, which is a topological order. */
  readonly nodes: readonly RecordedNode[];
  /** Values in memory that the nodes read, by first use. */
  readonly leaves: readonly RecordedValue[];
  /** Leaves that are constants of the graph, not inputs. */
  readonly frozen: readonly RecordedValue[];
  /** Values that a data id owns or that a later node reads. */
  readonly outputs: readonly RecordedValue[];
  /**
   * The whole structure as numbers. Programs with equal signatures compile to the same graph. The signature contains
   * the type of each leaf, but not its values; each frozen leaf has a unique number.
   */
  readonly signature: Int32Array;
}

/**
 * Builds the program of `nodes`. The caller has already subtracted the reads inside `nodes` from `readers`, so values
 * that still have an owner or a reader are outputs.
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
        // A leaf: the signature shows it as a position that no node produced.
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

/** The identifying number for the next frozen value. It only grows, so that no number is used twice. */
let frozenCount = 0;

/** Resets the positions that {@link buildProgram} set. */
export function clearPositions({ nodes, leaves, frozen }: Program): void {
  for (const leaf of [...leaves, ...frozen]) leaf.position = -1;
  for (const node of nodes) for (const output of node.outputs) output.position = -1;
}
