import type { Outcome } from "@mlan/core";

/**
 * The standard error of a statistic by the delete-one-cluster jackknife (Efron and Tibshirani 1993, chapter 11):
 * outcomes that share a `cluster` leave together, the others one by one. For a mean without clusters it is
 * s / sqrt(n). Undefined with fewer than two clusters.
 */
export function jackknife(
  statistic: (outcomes: readonly Outcome[]) => number,
  outcomes: readonly Outcome[],
): number | undefined {
  const clusters = clustersOf(outcomes);
  if (clusters.length < 2) return undefined;
  const without = clusters.map((cluster) => statistic(outcomesWithout(outcomes, cluster)));
  const mean = without.reduce((sum, one) => sum + one, 0) / without.length;
  const squares = without.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return Math.sqrt(((clusters.length - 1) / clusters.length) * squares);
}

/** The places, ascending, of the outcomes of each cluster. */
export function clustersOf(outcomes: readonly Outcome[]): readonly (readonly number[])[] {
  const alone: number[][] = [];
  const shared = new Map<string, number[]>();
  for (const [place, { cluster }] of outcomes.entries()) {
    const known = cluster === undefined ? undefined : shared.get(cluster);
    if (known) known.push(place);
    else if (cluster === undefined) alone.push([place]);
    else shared.set(cluster, [place]);
  }
  return [...alone, ...shared.values()];
}

function outcomesWithout(outcomes: readonly Outcome[], places: readonly number[]): readonly Outcome[] {
  const left = new Set(places);
  if (left.size > 1) return outcomes.filter((_, place) => !left.has(place));
  return outcomes.toSpliced(places[0] ?? 0, 1); // the common case, far faster than a filter
}
