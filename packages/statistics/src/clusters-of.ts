/**
 * Returns the indices of the items in each cluster, ascending. Items with the same key are a cluster; an item without a
 * key is a cluster by itself. Clusters are ordered by their first items.
 */
export function clustersOf(keys: readonly (string | undefined)[]): readonly (readonly number[])[] {
  const clusters: number[][] = [];
  const shared = new Map<string, number[]>();
  for (const [place, key] of keys.entries()) {
    const known = key === undefined ? undefined : shared.get(key);
    if (known) {
      known.push(place);
      continue;
    }
    const cluster = [place];
    clusters.push(cluster);
    if (key !== undefined) shared.set(key, cluster);
  }
  return clusters;
}
