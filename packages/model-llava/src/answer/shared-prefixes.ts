import { type PrefixNode, prefixTree } from "./prefix-tree.ts";

/** Sequences that share their first `length` elements. Sequences that share nothing form a group with length 0. */
export interface PrefixGroup {
  readonly length: number;
  /** Indices of the sequences, ascending. */
  readonly members: readonly number[];
}

/** Minimum length of a shared prefix. A separate pass for a shorter prefix saves nothing. */
const LEAST_LENGTH = 16;
/** Approximate distance between candidate prefix lengths, in positions. */
const STEP = 8;
/** Fixed cost of a separate pass, as a number of positions. */
const COST = 16;

/**
 * Partitions the sequences so that the fewest positions are computed when each group's prefix is computed once. No
 * shared prefix reuses the computation of another one. Uses dynamic programming over the tree of longest common
 * prefixes: at each node, sequences either join an ancestor's group or form a new group.
 */
export function sharedPrefixes(sequences: readonly Int32Array[]): readonly PrefixGroup[] {
  const root = coarse(prefixTree(sequences));
  const known = new Map<PrefixNode, Map<number, Plan>>();
  const groups = new Map<PrefixNode, number[]>();
  const alone: number[] = [];
  assign(root, undefined);
  const shared = [...groups].map(([{ depth }, members]) => ({ length: depth, members }));
  return [...shared, { length: 0, members: alone }]
    .filter(({ members }) => members.length > 0)
    .map(({ length, members }) => ({ length, members: members.toSorted((one, other) => one - other) }))
    .toSorted((one, other) => (one.members[0] ?? 0) - (other.members[0] ?? 0));

  function plan(node: PrefixNode, above: number): Plan {
    const plans = known.get(node) ?? new Map<number, Plan>();
    known.set(node, plans);
    const found = plans.get(above) ?? best(node, above);
    plans.set(above, found);
    return found;
  }

  function best(node: PrefixNode, above: number): Plan {
    const going = node.ends.length * above + sum(node.children.map((child) => plan(child, above).saved));
    if (!mayShare(node, above)) return { saved: going, shares: false };
    const own = node.ends.length * node.depth + sum(node.children.map((child) => plan(child, node.depth).saved));
    const saved = own - node.depth - COST;
    return saved > going ? { saved, shares: true } : { saved: going, shares: false };
  }

  function assign(node: PrefixNode, above: PrefixNode | undefined): void {
    const { shares } = plan(node, above?.depth ?? 0);
    const group = shares ? node : above;
    const members = group ? (groups.get(group) ?? []) : alone;
    if (group) groups.set(group, members);
    members.push(...node.ends);
    for (const child of node.children) assign(child, group);
  }
}

interface Plan {
  /** Positions saved below this node. */
  readonly saved: number;
  /** Whether sequences form a group at this node. */
  readonly shares: boolean;
}

function mayShare({ depth, ends, children }: PrefixNode, above: number): boolean {
  return depth >= LEAST_LENGTH && depth > above && (children.length > 0 || ends.length > 1);
}

/**
 * Returns the tree without nodes that are only slightly deeper than their ancestor. This limits the tree's height and
 * so the work.
 */
function coarse(tree: PrefixNode): PrefixNode {
  const step = (depth: number): number => Math.floor(depth / STEP);
  const root: PrefixNode = { ...tree, ends: [...tree.ends], children: [] };
  const open = tree.children.map((node) => ({ node, above: root }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, above } = next;
    const kept = step(node.depth) > step(above.depth) ? { ...node, ends: [...node.ends], children: [] } : above;
    if (kept === above) above.ends.push(...node.ends);
    else above.children.push(kept);
    for (const child of node.children) open.push({ node: child, above: kept });
  }
  return root;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
