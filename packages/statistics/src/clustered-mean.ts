import type { ClusteredValues } from "./cluster-totals.ts";
import { type ClusterTotals, clusterTotals } from "./cluster-totals.ts";

export interface ClusteredMean {
  readonly mean: number;
  /** 0 when all clusters have the same mean. */
  readonly standardError: number;
}

/**
 * Returns the mean of all values, and its standard error from the variation between clusters: the square root of the
 * linearized variance of the ratio estimator (Cochran 1977, Sampling Techniques, section 6.4) times clusters /
 * (clusters - 1). For independent values the standard error is s / sqrt(n). Throws `invalid-options` for fewer than two
 * clusters.
 */
export function clusteredMean(values: ClusteredValues): ClusteredMean {
  return meanOfTotals(clusterTotals(values));
}

export function meanOfTotals({ sums, counts }: ClusterTotals): ClusteredMean {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = sums.reduce((sum, one) => sum + one, 0) / total;
  const squares = sums.reduce((sum, one, cluster) => sum + (one - mean * (counts[cluster] ?? 0)) ** 2, 0);
  const variance = ((sums.length / (sums.length - 1)) * squares) / total ** 2;
  return { mean, standardError: Math.sqrt(variance) };
}
