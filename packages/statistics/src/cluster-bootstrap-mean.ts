import { counted, MlanError } from "@mlan/core";
import { type ClusteredValues, clusterTotals } from "./cluster-totals.ts";
import type { ClusteredMean } from "./clustered-mean.ts";
import type { Interval } from "./interval.ts";
import { allStudentizedResamples, type ResampleOptions, type StudentizedResamples } from "./studentized-resamples.ts";

export interface BootstrappedMean extends ClusteredMean {
  readonly interval: Interval;
}

/**
 * Returns the mean of all values, its standard error, and its symmetric studentized bootstrap interval over resampled
 * clusters. The interval is not clipped to the range of the values. Its width is 0 if all clusters have the same mean.
 * Throws `invalid-options`.
 */
export function clusterBootstrapMean({ values, ...options }: ClusteredValues & ResampleOptions): BootstrappedMean {
  const [only] = clusterBootstrapMeans({ all: [values], ...options });
  if (only) return only;
  throw new MlanError("contract", "statistics: values were resampled without a result.");
}

export interface ClusterBootstrapMeansOptions extends ResampleOptions, Pick<ClusteredValues, "clusters"> {
  /** Lists of values of the same items in the same order. */
  readonly all: readonly (readonly number[])[];
}

/**
 * Like {@link clusterBootstrapMean} for each list, but draws the resamples only once, which makes many means over the same
 * items several times as fast. Throws `invalid-options`.
 */
export function clusterBootstrapMeans({
  all,
  clusters,
  ...options
}: ClusterBootstrapMeansOptions): readonly BootstrappedMean[] {
  const items = all[0]?.length ?? 0;
  const other = all.find(({ length }) => length !== items);
  if (other) {
    throw new MlanError(
      "invalid-options",
      `statistics: the first list has ${counted(items, "value")} and another list ${other.length}; give values of the same items in all lists.`,
    );
  }
  const totals = all.map((values) => clusterTotals({ values, ...(clusters && { clusters }) }));
  return allStudentizedResamples(totals, options).map((resampled) => ({
    mean: resampled.mean,
    standardError: resampled.standardError,
    interval: studentizedInterval(resampled),
  }));
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
