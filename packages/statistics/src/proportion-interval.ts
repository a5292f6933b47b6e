import { clusterBootstrapMean } from "./cluster-bootstrap-mean.ts";
import type { ClusteredValues } from "./cluster-totals.ts";
import { clustersOf } from "./clusters-of.ts";
import type { Interval } from "./interval.ts";
import type { ResampleOptions } from "./studentized-resamples.ts";
import { wilsonInterval } from "./wilson-interval.ts";

export interface ProportionInterval extends Interval {
  readonly method: "wilson" | "cluster-bootstrap";
}

/**
 * Returns the interval for the proportion of ones among `values`, each of which is 0 or 1: Wilson's if all values are
 * independent, otherwise a bootstrap over clusters, clipped to 0..1. If all values are equal, there is no variation to
 * resample, so Wilson's interval is returned, with each cluster as one trial. Undefined if there are several values but
 * only one cluster. Throws `invalid-options`.
 */
export function proportionInterval({
  values,
  clusters: keys = values.map(() => undefined),
  ...resampling
}: ClusteredValues & ResampleOptions): ProportionInterval | undefined {
  const successes = values.reduce((sum, value) => sum + value, 0);
  const clusters = clustersOf(keys).length;
  const level = resampling.level === undefined ? {} : { level: resampling.level };
  if (clusters === values.length) {
    return { ...wilsonInterval({ successes, trials: clusters, ...level }), method: "wilson" };
  }
  if (clusters < 2) return undefined;
  if (successes === 0 || successes === values.length) {
    const trials = { successes: successes === 0 ? 0 : clusters, trials: clusters };
    return { ...wilsonInterval({ ...trials, ...level }), method: "wilson" };
  }
  const { interval } = clusterBootstrapMean({ values, clusters: keys, ...resampling });
  return {
    low: Math.max(0, interval.low),
    high: Math.min(1, interval.high),
    level: interval.level,
    method: "cluster-bootstrap",
  };
}
