import { clusteredMean } from "./clustered-mean.ts";
import type { ClusteredValues } from "./cluster-totals.ts";

/**
 * How many times larger the variance of the mean is than if all items were independent (Kish 1965, Survey Sampling):
 * 100 questions with a design effect of 4 carry as much information as 25 independent ones. 1 when there is no variation.
 * Throws `invalid-options` below two clusters.
 */
export function designEffect(values: ClusteredValues): number {
  const clustered = clusteredMean(values).standardError;
  const independent = clusteredMean({ values: values.values }).standardError;
  return independent === 0 ? 1 : (clustered / independent) ** 2;
}
