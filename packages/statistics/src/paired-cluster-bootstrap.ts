import { counted, MlanError, seededRandom } from "@mlan/core";
import { studentizedInterval } from "./cluster-bootstrap-mean.ts";
import { type ClusterTotals, clusterTotals } from "./cluster-totals.ts";
import type { Interval } from "./interval.ts";
import { allStudentizedResamples, type ResampleOptions, type StudentizedResamples } from "./studentized-resamples.ts";

export interface PairedClusterBootstrapOptions extends ResampleOptions {
  /** A number per item, e.g. 1 for a correct answer and 0 for a wrong one. */
  readonly first: readonly number[];
  /** Values of the same items in the same order. */
  readonly second: readonly number[];
  /**
   * Cluster key per item. Items with the same key depend on each other; an item without a key is independent. Default:
   * all independent.
   */
  readonly clusters?: readonly (string | undefined)[];
}

export interface PairedDifference {
  /** Mean of the second values minus mean of the first. */
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  /**
   * Two-sided p-value for the hypothesis of no difference; at most 1 - level if and only if the interval excludes 0.
   */
  readonly p: number;
  readonly clusters: number;
}

/**
 * Compares two means over the same items by the symmetric studentized bootstrap over clusters, which keeps its level
 * with few clusters and with unequal clusters. Both values of an item are resampled together. If too many resamples show
 * no variation, as when nearly all clusters differ by the same amount, the p-value is that of a sign-flipping test. The
 * p-value is at least 2^(1 - k), the minimum of a sign-flipping test with k differing clusters; fewer than six differing
 * clusters are never significant at 5%. Throws `invalid-options`.
 */
export function pairedClusterBootstrap(options: PairedClusterBootstrapOptions): PairedDifference {
  const { first, second, ...others } = options;
  const [only] = pairedClusterBootstraps({ pairs: [{ first, second }], ...others });
  if (only) return only;
  throw new MlanError("contract", "statistics: a pair was compared without a result.");
}

export interface PairedClusterBootstrapsOptions extends Omit<PairedClusterBootstrapOptions, "first" | "second"> {
  /** Values of the same items in the same order in all pairs. */
  readonly pairs: readonly Pick<PairedClusterBootstrapOptions, "first" | "second">[];
}

/**
 * Like {@link pairedClusterBootstrap} for each pair, but draws the resamples only once, which makes many comparisons of
 * the same items several times as fast. Throws `invalid-options`.
 */
export function pairedClusterBootstraps(options: PairedClusterBootstrapsOptions): readonly PairedDifference[] {
  const { pairs, clusters, ...resampling } = options;
  const items = pairs[0]?.first.length ?? 0;
  const totals = pairs.map(({ first, second }) => {
    if (first.length !== second.length) {
      throw new MlanError(
        "invalid-options",
        `statistics: ${first.length} first and ${counted(second.length, "second value")}; give both for the same items.`,
      );
    }
    if (first.length !== items) {
      throw new MlanError(
        "invalid-options",
        `statistics: the first pair has ${counted(items, "item")} and another pair ${first.length}; give the same items in all pairs.`,
      );
    }
    const values = second.map((value, item) => value - (first[item] ?? 0));
    return clusterTotals({ values, ...(clusters && { clusters }) });
  });
  return allStudentizedResamples(totals, resampling).map((resampled) => differenceOf(resampled, resampling));
}

function differenceOf(resampled: StudentizedResamples, resampling: ResampleOptions): PairedDifference {
  const { totals } = resampled;
  const isDegenerate = !Number.isFinite(resampled.critical);
  const p = Math.max(
    isDegenerate ? signFlippingP(totals, resampled, resampling) : bootstrapP(resampled),
    minimumP(totals),
  );
  return {
    difference: resampled.mean,
    standardError: resampled.standardError,
    interval: consistentInterval(studentizedInterval(resampled), p),
    p,
    clusters: totals.sums.length,
  };
}

/**
 * Returns the proportion of resamples whose studentized deviation is at least the deviation of the mean from 0. The
 * sample itself counts as a resample.
 */
function bootstrapP({ mean, standardError, deviations }: StudentizedResamples): number {
  const observed = (Math.abs(mean) / standardError) * (1 - 1e-9); // so that rounding does not separate equal fractions
  if (mean === 0) return 1;
  const nearer = deviations.findIndex((deviation) => deviation >= observed);
  const farther = nearer === -1 ? 0 : deviations.length - nearer;
  return (1 + farther) / (deviations.length + 1);
}

/**
 * Returns the proportion of random sign flips of the clusters' differences whose sum is at least as far from 0 as the
 * sample's. If the range of the resampled means includes 0, returns 1, as the interval would contradict a small
 * p-value.
 */
function signFlippingP({ sums }: ClusterTotals, { range }: StudentizedResamples, options: ResampleOptions): number {
  if (range[0] <= 0 && range[1] >= 0) return 1;
  const { resamples = 10_000, seed = 0 } = options;
  const random = seededRandom(seed);
  const observed = Math.abs(sums.reduce((total, sum) => total + sum, 0)) * (1 - 1e-9);
  let farther = 0;
  for (let flip = 0; flip < resamples; flip++) {
    const flipped = sums.reduce((total, sum) => total + (random.next() < 0.5 ? sum : -sum), 0);
    if (Math.abs(flipped) >= observed) farther += 1;
  }
  return (1 + farther) / (resamples + 1);
}

function minimumP({ sums }: ClusterTotals): number {
  const differing = sums.reduce((count, sum) => count + (sum === 0 ? 0 : 1), 0);
  return Math.min(1, 2 ** (1 - differing));
}

/** Extends the interval to 0 if the p-value does not exclude 0. */
function consistentInterval({ low, high, level }: Interval, p: number): Interval {
  if (p <= 1 - level) return { low, high, level };
  return { low: Math.min(low, 0), high: Math.max(high, 0), level };
}
