import type { Outcome } from "@mlan/core";

/** The outcomes of each cluster; those without one are clusters of their own. In order of first appearance. */
export function clustersOf(outcomes: readonly Outcome[]): readonly (readonly Outcome[])[] {
  const clusters: Outcome[][] = [];
  const shared = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const known = outcome.cluster === undefined ? undefined : shared.get(outcome.cluster);
    if (known) {
      known.push(outcome);
      continue;
    }
    const cluster = [outcome];
    clusters.push(cluster);
    if (outcome.cluster !== undefined) shared.set(outcome.cluster, cluster);
  }
  return clusters;
}
