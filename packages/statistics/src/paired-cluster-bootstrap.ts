import { counted, MlanError } from "@mlan/core";
import { studentizedInterval } from "./cluster-bootstrap-mean.ts";
import { type ClusterTotals, clusterTotals } from "./cluster-totals.ts";
import type { Interval } from "./interval.ts";
import { type ResampleOptions, type StudentizedResamples, studentizedResamples } from "./studentized-resamples.ts";

export interface PairedClusterBootstrapOptions extends ResampleOptions {
  /** One number per item, e.g. 1 for a right answer and 0 for a wrong one. */
  readonly first: readonly number[];
  /** Of the same items in the same order. */
  readonly second: readonly number[];
  /** Per item: items with the same key depend on each other, those without stand alone. Default: all stand alone. */
  readonly clusters?: readonly (string | undefined)[];
}

export interface PairedDifference {
  /** Mean of the second minus mean of the first. */
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** Two-sided, of no difference: at most 1 - level exactly when the interval leaves 0 out. */
  readonly p: number;
  readonly clusters: number;
}

/**
 * The difference of two means over the same items, clusters resampled with both of their values: the symmetric
 * studentized bootstrap, which keeps its level with few and with unequal clusters. The p-value is never below
 * 2^(1 - clusters that differ), the least that flipping the signs of clusters could give, so that fewer than six differing
 * clusters show nothing at 5 %. Throws `invalid-options`.
 */
export function pairedClusterBootstrap(options: PairedClusterBootstrapOptions): PairedDifference {
  const { first, second, clusters, ...resampling } = options;
  if (first.length !== second.length) {
    throw new MlanError(
      "invalid-options",
      `statistics: ${first.length} first and ${counted(second.length, "second value")}; give those of the same items.`,
    );
  }
  const values = second.map((value, item) => value - (first[item] ?? 0));
  const totals = clusterTotals({ values, ...(clusters && { clusters }) });
  const resampled = studentizedResamples(totals, resampling);
  const p = Math.max(bootstrapP(resampled), leastP(totals));
  return {
    difference: resampled.mean,
    standardError: resampled.standardError,
    interval: agreeing(studentizedInterval(resampled), p),
    p,
    clusters: totals.sums.length,
  };
}

/** Share of resamples that deviate from the mean as far as the mean does from 0; the sample counts as one of them. */
function bootstrapP({ mean, standardError, deviations }: StudentizedResamples): number {
  const observed = (Math.abs(mean) / standardError) * (1 - 1e-9); // equal fractions round differently
  if (mean === 0) return 1;
  const nearer = deviations.findIndex((deviation) => deviation >= observed);
  const farther = nearer === -1 ? 0 : deviations.length - nearer;
  return (1 + farther) / (deviations.length + 1);
}

function leastP({ sums }: ClusterTotals): number {
  const differing = sums.reduce((count, sum) => count + (sum === 0 ? 0 : 1), 0);
  return Math.min(1, 2 ** (1 - differing));
}

/** Reaches to 0 where the p-value says that 0 is not excluded. */
function agreeing({ low, high, level }: Interval, p: number): Interval {
  if (p <= 1 - level) return { low, high, level };
  return { low: Math.min(low, 0), high: Math.max(high, 0), level };
}
