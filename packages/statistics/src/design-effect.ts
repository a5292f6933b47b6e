import { clusteredMean } from "./clustered-mean.ts";
import type { ClusteredValues } from "./cluster-totals.ts";

/**
 * Returns the design effect: the variance of the mean, divided by its variance if all items were independent (Kish
 * 1965, Survey Sampling). With a design effect of 4, 100 questions are as informative as 25 independent questions.
 * Returns 1 when there is no variation. Throws `invalid-options` for fewer than two clusters.
 */
export function designEffect(values: ClusteredValues): number {
  const clustered = clusteredMean(values).standardError;
  const independent = clusteredMean({ values: values.values }).standardError;
  return independent === 0 ? 1 : (clustered / independent) ** 2;
}
