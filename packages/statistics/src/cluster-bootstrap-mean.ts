import { type ClusteredValues, clusterTotals } from "./cluster-totals.ts";
import type { ClusteredMean } from "./clustered-mean.ts";
import type { Interval } from "./interval.ts";
import { type ResampleOptions, type StudentizedResamples, studentizedResamples } from "./studentized-resamples.ts";

export interface BootstrappedMean extends ClusteredMean {
  readonly interval: Interval;
}

/**
 * The mean of all values, its standard error, and its symmetric studentized bootstrap interval over resampled clusters.
 * Not cut at the bounds of the values. Without any variation between clusters its width is 0. Throws `invalid-options`.
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
 * Mean ± critical deviation times standard error. Where so many resamples show no variation that there is no critical
 * deviation (a handful of clusters differ from all others), it is the range of the resampled means.
 */
export function studentizedInterval(resampled: StudentizedResamples): Interval {
  const { mean, standardError, critical, range, level } = resampled;
  if (!Number.isFinite(critical)) return { low: range[0], high: range[1], level };
  return { low: mean - critical * standardError, high: mean + critical * standardError, level };
}
