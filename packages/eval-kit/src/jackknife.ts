import { type Metric, type Outcome, permutation, seededRandom } from "@mlan/core";

/** Deletions of general metrics, each of which costs a pass over all outcomes. */
const GROUPS_AT_MOST = 500;

/**
 * The standard error of a metric by the delete-one-cluster jackknife (Efron and Tibshirani 1993, chapter 11): outcomes
 * that share a `cluster` leave together. For a proportion without clusters it is s / sqrt(n). Metrics that are no
 * proportion lose whole groups of clusters at a time when there are more than 500 (the delete-a-group jackknife, Kott
 * 2001). Undefined with fewer than two clusters.
 */
export function jackknife(metric: Metric, clusters: readonly (readonly Outcome[])[]): number | undefined {
  if (clusters.length < 2) return undefined;
  const without = metric.proportion ? sharesWithout(clusters) : valuesWithout(metric, grouped(clusters));
  const mean = without.reduce((sum, one) => sum + one, 0) / without.length;
  const squares = without.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return Math.sqrt(((without.length - 1) / without.length) * squares);
}

/** The share of correct outcomes without each cluster in turn. */
function sharesWithout(clusters: readonly (readonly Outcome[])[]): readonly number[] {
  const counts = clusters.map((cluster) => ({ all: cluster.length, correct: cluster.filter(isCorrect).length }));
  const all = counts.reduce((sum, count) => sum + count.all, 0);
  const correct = counts.reduce((sum, count) => sum + count.correct, 0);
  return counts.map((count) => (correct - count.correct) / (all - count.all));
}

function valuesWithout(metric: Metric, groups: readonly (readonly Outcome[])[]): readonly number[] {
  return groups.map((_, left) => metric(groups.flatMap((group, place) => (place === left ? [] : group))));
}

/** Drawn at random, the same for the same number of clusters: questions in a row are often alike. */
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
