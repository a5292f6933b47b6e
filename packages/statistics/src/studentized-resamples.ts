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
 * 5.2.1).
 */
export function studentizedResamples(totals: ClusterTotals, options: ResampleOptions): StudentizedResamples {
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
  const estimate = meanOfTotals(totals);
  const { means, standardErrors } = resampledMeans(totals, resamples, seed);
  const deviations = means
    .map((mean, index) => {
      const distance = Math.abs(mean - estimate.mean);
      return distance < 1e-12 ? 0 : distance / (standardErrors[index] ?? 0);
    })
    .toSorted();
  const range = means.reduce(([low, high], mean) => [Math.min(low, mean), Math.max(high, mean)] as const, [
    Infinity,
    -Infinity,
  ] as readonly [number, number]);
  return { ...estimate, deviations, range, critical: deviations[rank - 1] ?? Infinity, level };
}

interface ResampledMeans {
  readonly means: Float64Array;
  readonly standardErrors: Float64Array;
}

/**
 * Draws the resamples in one pass over typed arrays: ten thousand resamples of ten thousand clusters are a hundred
 * million draws.
 */
function resampledMeans({ sums, counts }: ClusterTotals, resamples: number, seed: number): ResampledMeans {
  const random = seededRandom(seed);
  const clusters = sums.length;
  const means = new Float64Array(resamples);
  const standardErrors = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    let count = 0;
    let squares = 0;
    let products = 0;
    let squaredCounts = 0;
    for (let draw = 0; draw < clusters; draw++) {
      const cluster = random.below(clusters);
      const ofCluster = sums[cluster] ?? 0;
      const items = counts[cluster] ?? 0;
      sum += ofCluster;
      count += items;
      squares += ofCluster * ofCluster;
      products += ofCluster * items;
      squaredCounts += items * items;
    }
    const mean = sum / count;
    const residual = squares - 2 * mean * products + mean * mean * squaredCounts;
    // Rounding leaves a small residual even if all drawn clusters have the same mean.
    const variance = residual <= 1e-12 * (squares + squaredCounts) ? 0 : (residual * clusters) / (clusters - 1);
    means[resample] = mean;
    standardErrors[resample] = Math.sqrt(variance) / count;
  }
  return { means, standardErrors };
}
