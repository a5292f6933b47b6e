/** A node in the tree of longest common prefixes of sequences. */
export interface PrefixNode {
  /** Length of the prefix that all sequences below this node share. */
  readonly depth: number;
  /** Indices of the sequences that end at this node. */
  readonly ends: number[];
  readonly children: PrefixNode[];
}

/** Builds the tree by comparing neighbors in sorted order. */
export function prefixTree(sequences: readonly Int32Array[]): PrefixNode {
  const order = sequences.map((_, index) => index).toSorted((one, other) => compare(at(one), at(other)));
  const root: PrefixNode = { depth: 0, ends: [], children: [] };
  /** The nodes from the root to the last inserted sequence. */
  const path = [root];
  let before: Int32Array = new Int32Array();
  for (const index of order) {
    const sequence = at(index);
    const common = commonPrefix(before, sequence);
    let branch: PrefixNode | undefined;
    while (top(path).depth > common) branch = path.pop();
    if (branch && top(path).depth < common) {
      const fork: PrefixNode = { depth: common, ends: [], children: [branch] };
      top(path).children.splice(-1, 1, fork);
      path.push(fork);
    }
    if (top(path).depth < sequence.length) {
      const leaf: PrefixNode = { depth: sequence.length, ends: [], children: [] };
      top(path).children.push(leaf);
      path.push(leaf);
    }
    top(path).ends.push(index);
    before = sequence;
  }
  return root;

  function at(index: number): Int32Array {
    return sequences[index] ?? new Int32Array();
  }
}

function top(path: readonly PrefixNode[]): PrefixNode {
  const node = path.at(-1);
  if (!node) throw new RangeError("model-llava: the path lost its root.");
  return node;
}

function compare(one: Int32Array, other: Int32Array): number {
  const common = commonPrefix(one, other);
  return (one[common] ?? -Infinity) - (other[common] ?? -Infinity) || one.length - other.length;
}

function commonPrefix(one: Int32Array, other: Int32Array): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return index;
  return length;
}
