type Clusters = readonly (string | undefined)[];

/** Returns items in groups with equal clusters of questions, which can be resampled together. */
export function groupedByClusters<Item>(
  items: readonly Item[],
  clustersOf: (item: Item) => Clusters,
): readonly (readonly Item[])[] {
  const groups: { readonly clusters: Clusters; readonly items: Item[] }[] = [];
  for (const item of items) {
    const clusters = clustersOf(item);
    const group = groups.find((one) => areEqual(one.clusters, clusters));
    if (group) group.items.push(item);
    else groups.push({ clusters, items: [item] });
  }
  return groups.map((group) => group.items);
}

function areEqual(one: Clusters, other: Clusters): boolean {
  return one.length === other.length && one.every((cluster, place) => cluster === other[place]);
}
