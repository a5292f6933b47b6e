import { type ClusteredValues, clusterTotals } from "./cluster-totals.ts";
import type { ClusteredMean } from "./clustered-mean.ts";
import type { Interval } from "./interval.ts";
import { type ResampleOptions, type StudentizedResamples, studentizedResamples } from "./studentized-resamples.ts";

export interface BootstrappedMean extends ClusteredMean {
  readonly interval: Interval;
}

/**
 * Returns the mean of all values, its standard error, and its symmetric studentized bootstrap interval over resampled
 * clusters. The interval is not clipped to the range of the values. Its width is 0 if all clusters have the same mean.
 * Throws `invalid-options`.
 */
export function clusterBootstrapMean({
  values,
  clusters,
  ...options
}: ClusteredValues & ResampleOptions): BootstrappedMean {
  const resampled = studentizedResamples(clusterTotals({ values, ...(clusters && { clusters }) }), options);
  return { mean: resampled.mean, standardError: resampled.standardError, interval: studentizedInterval(resampled) };
}

/**
 * Returns mean ± critical deviation × standard error. If too many resamples show no variation, there is no critical
 * deviation, and the range of the resampled means is returned.
 */
export function studentizedInterval(resampled: StudentizedResamples): Interval {
  const { mean, standardError, critical, range, level } = resampled;
  if (!Number.isFinite(critical)) return { low: range[0], high: range[1], level };
  return { low: mean - critical * standardError, high: mean + critical * standardError, level };
}
