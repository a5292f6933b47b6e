import { type Metric, type Outcome, permutation, seededRandom } from "@mlan/core";

/** Maximum number of groups for metrics that are not proportions. Each group costs a pass over all outcomes. */
const GROUPS_AT_MOST = 500;

/**
 * Returns the standard error of a metric by the delete-one-cluster jackknife (Efron and Tibshirani 1993, chapter 11),
 * which deletes all outcomes of a cluster together. For a proportion without clusters it is s / sqrt(n). For other
 * metrics with more than 500 clusters, groups of clusters are deleted (delete-a-group jackknife, Kott 2001). Undefined
 * with fewer than two clusters.
 */
export function jackknife(metric: Metric, clusters: readonly (readonly Outcome[])[]): number | undefined {
  if (clusters.length < 2) return undefined;
  const without = metric.proportion ? sharesWithout(clusters) : valuesWithout(metric, grouped(clusters));
  const mean = without.reduce((sum, one) => sum + one, 0) / without.length;
  const squares = without.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return Math.sqrt(((without.length - 1) / without.length) * squares);
}

/** Returns the shares of correct outcomes when each cluster in turn is left out. */
function sharesWithout(clusters: readonly (readonly Outcome[])[]): readonly number[] {
  const counts = clusters.map((cluster) => ({ all: cluster.length, correct: cluster.filter(isCorrect).length }));
  const all = counts.reduce((sum, count) => sum + count.all, 0);
  const correct = counts.reduce((sum, count) => sum + count.correct, 0);
  return counts.map((count) => (correct - count.correct) / (all - count.all));
}

function valuesWithout(metric: Metric, groups: readonly (readonly Outcome[])[]): readonly number[] {
  return groups.map((_, left) => metric(groups.flatMap((group, place) => (place === left ? [] : group))));
}

/**
 * Assigns clusters to groups at random, because consecutive questions are often similar. The groups depend only on the
 * number of clusters.
 */
function grouped(clusters: readonly (readonly Outcome[])[]): readonly (readonly Outcome[])[] {
  if (clusters.length <= GROUPS_AT_MOST) return clusters;
  const groups: Outcome[][] = Array.from({ length: GROUPS_AT_MOST }, () => []);
  for (const [place, cluster] of permutation(clusters.length, seededRandom(0)).entries()) {
    groups[place % GROUPS_AT_MOST]?.push(...(clusters[cluster] ?? []));
  }
  return groups;
}

function isCorrect({ correct }: Outcome): boolean {
  return correct;
}
