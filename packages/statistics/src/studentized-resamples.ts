import { MlanError, seededRandom } from "@mlan/core";
import { checkCount, checkShare } from "./checks.ts";
import type { ClusterTotals } from "./cluster-totals.ts";
import { type ClusteredMean, meanOfTotals } from "./clustered-mean.ts";

export interface ResampleOptions {
  /** Number of resamples, at least 100, and more for a level close to 1. Default 10,000. */
  readonly resamples?: number;
  /** Seed of the resampling. Default 0. */
  readonly seed?: number;
  /** Confidence level. Default 0.95. */
  readonly level?: number;
}

export interface StudentizedResamples extends ClusteredMean {
  readonly totals: ClusterTotals;
  /** |resampled mean - mean| / resampled standard error, ascending; infinite if a resample shows no variation. */
  readonly deviations: Float64Array;
  /** The smallest and the largest resampled mean. */
  readonly range: readonly [number, number];
  /** The smallest deviation that at most a fraction 1 - level of the resamples exceeds. */
  readonly critical: number;
  readonly level: number;
}

/**
 * Computes the deviations of resampled means in units of their standard errors (Davison and Hinkley 1997, section
 * 5.2.1), for several sums over the same clusters, which are drawn once for all.
 */
export function allStudentizedResamples(
  all: readonly ClusterTotals[],
  options: ResampleOptions,
): readonly StudentizedResamples[] {
  const { resamples = 10_000, seed = 0, level = 0.95 } = options;
  checkShare("level", level);
  checkCount("resamples", resamples, 100);
  const rank = Math.ceil(level * (resamples + 1));
  if (rank > resamples) {
    throw new MlanError(
      "invalid-options",
      `statistics: ${resamples} resamples are too few for a level of ${level}; use ${Math.ceil(1 / (1 - level))} or more.`,
    );
  }
  return resampledMeans(all, resamples, seed).map(({ totals, means, standardErrors }) => {
    const estimate = meanOfTotals(totals);
    const deviations = new Float64Array(resamples);
    const range: [number, number] = [Infinity, -Infinity];
    // An iterator over the entries would take ten times as long.
    for (let index = 0; index < resamples; index++) {
      const mean = means[index] ?? 0;
      const distance = Math.abs(mean - estimate.mean);
      deviations[index] = distance < 1e-12 ? 0 : distance / (standardErrors[index] ?? 0);
      if (mean < range[0]) range[0] = mean;
      if (mean > range[1]) range[1] = mean;
    }
    deviations.sort();
    return { ...estimate, totals, deviations, range, critical: deviations[rank - 1] ?? Infinity, level };
  });
}

interface ResampledMeans {
  readonly totals: ClusterTotals;
  readonly means: Float64Array;
  readonly standardErrors: Float64Array;
}

/**
 * Draws the resamples in one pass over typed arrays: ten thousand resamples of ten thousand clusters are a hundred
 * million draws. Each resample counts how often a cluster was drawn, so that clusters with the sum 0, such as questions
 * that both models answered alike, take no time.
 */
function resampledMeans(all: readonly ClusterTotals[], resamples: number, seed: number): readonly ResampledMeans[] {
  const random = seededRandom(seed);
  const counts = all[0]?.counts ?? new Float64Array();
  const clusters = counts.length;
  const draws = new Int32Array(clusters);
  const resampled = all.map((totals) => ({
    totals,
    differing: Int32Array.from([...totals.sums.keys()].filter((cluster) => totals.sums[cluster] !== 0)),
    means: new Float64Array(resamples),
    standardErrors: new Float64Array(resamples),
  }));
  for (let resample = 0; resample < resamples; resample++) {
    draws.fill(0);
    let count = 0;
    let squaredCounts = 0;
    for (let draw = 0; draw < clusters; draw++) {
      const cluster = random.below(clusters);
      const items = counts[cluster] ?? 0;
      draws[cluster] = (draws[cluster] ?? 0) + 1;
      count += items;
      squaredCounts += items * items;
    }
    for (const { totals, differing, means, standardErrors } of resampled) {
      let sum = 0;
      let squares = 0;
      let products = 0;
      for (let place = 0; place < differing.length; place++) {
        const cluster = differing[place] ?? 0;
        const ofCluster = totals.sums[cluster] ?? 0;
        const drawn = (draws[cluster] ?? 0) * ofCluster;
        sum += drawn;
        squares += drawn * ofCluster;
        products += drawn * (counts[cluster] ?? 0);
      }
      const mean = sum / count;
      const residual = squares - 2 * mean * products + mean * mean * squaredCounts;
      // Rounding leaves a small residual even if all drawn clusters have the same mean.
      const variance = residual <= 1e-12 * (squares + squaredCounts) ? 0 : (residual * clusters) / (clusters - 1);
      means[resample] = mean;
      standardErrors[resample] = Math.sqrt(variance) / count;
    }
  }
  return resampled;
}
