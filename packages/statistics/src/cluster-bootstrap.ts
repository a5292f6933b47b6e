import { MlanError, seededRandom } from "@mlan/core";
import { quantileSorted } from "simple-statistics";
import { checkClusters, checkCount, checkShare } from "./checks.ts";
import type { Interval } from "./interval.ts";

export interface ClusterBootstrapOptions<Item> {
  /** At least two clusters of items that depend on each other. An independent item is a cluster by itself. */
  readonly clusters: readonly (readonly Item[])[];
  /** Must return a finite number for every list of items. */
  readonly statistic: (items: readonly Item[]) => number;
  /** Number of resamples, at least 100. Default 2000. */
  readonly resamples?: number;
  /** Seed of the resampling. Default 0. */
  readonly seed?: number;
  /** Confidence level. Default 0.95. */
  readonly level?: number;
}

/**
 * Returns the percentile interval of any statistic over resampled clusters (Efron and Tibshirani 1993, chapter 13;
 * Davison and Hinkley 1997, section 3.8). The interval is too narrow with fewer than about fifty clusters. For means
 * use {@link clusterBootstrapMean}, which is faster and keeps its level with few clusters. Throws `invalid-options`,
 * and `contract` when the statistic is not finite.
 */
export function clusterBootstrap<Item>(options: ClusterBootstrapOptions<Item>): Interval {
  const { clusters, statistic, resamples = 2000, seed = 0, level = 0.95 } = options;
  checkClusters(clusters.length);
  checkCount("resamples", resamples, 100);
  checkShare("level", level);
  const random = seededRandom(seed);
  const values = Float64Array.from({ length: resamples }, () => {
    const drawn: Item[] = [];
    for (let draw = 0; draw < clusters.length; draw++) {
      for (const item of clusters[random.below(clusters.length)] ?? []) drawn.push(item); // far faster than flatMap
    }
    return finite(statistic(drawn));
  });
  const sorted = Array.from(values.toSorted());
  return {
    low: quantileSorted(sorted, (1 - level) / 2),
    high: quantileSorted(sorted, (1 + level) / 2),
    level,
  };
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new MlanError(
    "contract",
    `statistics: the statistic returned ${value} for a resample. It must return a finite number for every list of items; ` +
      "return 0 where it is undefined.",
  );
}
