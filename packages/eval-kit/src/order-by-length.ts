export interface Measured {
  readonly length: number;
  readonly cluster: string | undefined;
}

/**
 * Groups the items by cluster, and returns the indices of each group. An item without a cluster is a group by itself.
 * The group with the longest item comes first, so that batches need little padding, and a batch that does not fit into
 * memory fails early.
 */
export function orderByLength(things: readonly Measured[]): readonly (readonly number[])[] {
  const alone: number[][] = [];
  const shared = new Map<string, number[]>();
  for (const [index, { cluster }] of things.entries()) {
    const known = cluster === undefined ? undefined : shared.get(cluster);
    if (known) known.push(index);
    else if (cluster === undefined) alone.push([index]);
    else shared.set(cluster, [index]);
  }
  const lengthOf = (index: number): number => things[index]?.length ?? 0;
  return [...alone, ...shared.values()]
    .map((group) => ({ group, longest: group.reduce((longest, index) => Math.max(longest, lengthOf(index)), 0) }))
    .toSorted((one, other) => other.longest - one.longest)
    .map(({ group }) => group);
}
