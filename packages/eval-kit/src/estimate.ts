import { type Estimate, type Interval, type Metric, MlanError, type Outcome } from "@mlan/core";
import { clusterBootstrap, clustersOf, proportionInterval } from "@mlan/statistics";
import { jackknife } from "./jackknife.ts";

/** Maximum total number of outcomes that a percentile bootstrap resamples, which limits its time. */
const OUTCOMES_RESAMPLED = 20_000_000;

/**
 * Computes a metric with its standard error and 95% interval: Wilson's interval for a proportion of independent
 * questions, otherwise a bootstrap over clusters. Throws `contract` when the metric returns a number that is not finite
 * for all outcomes or for a subset. The message starts with `errorPrefix`.
 */
export function estimate(errorPrefix: string, name: string, metric: Metric, outcomes: readonly Outcome[]): Estimate {
  const checked = finite(errorPrefix, name, metric);
  const value = checked(outcomes);
  const keys = outcomes.map(({ cluster }) => cluster);
  const clusters = clustersOf(keys).map((places) => places.flatMap((place) => outcomes[place] ?? []));
  const standardError = jackknife(checked, clusters);
  if (standardError === undefined) return { value };
  const interval = metric.proportion
    ? proportionInterval({ values: outcomes.map(({ correct }) => (correct ? 1 : 0)), clusters: keys })
    : anyInterval(checked, clusters, outcomes.length);
  return { value, standardError, ...(interval && { interval }) };
}

function anyInterval(metric: Metric, clusters: readonly (readonly Outcome[])[], outcomes: number): Interval {
  const resamples = Math.min(1000, Math.max(200, Math.round(OUTCOMES_RESAMPLED / outcomes)));
  return { ...clusterBootstrap({ clusters, statistic: metric, resamples }), method: "cluster-bootstrap" };
}

/** Wraps a metric so that it throws unless it returns a finite number. */
function finite(errorPrefix: string, name: string, metric: Metric): Metric {
  const checked = (outcomes: readonly Outcome[]): number => {
    const value = metric(outcomes);
    if (Number.isFinite(value)) return value;
    throw new MlanError(
      "contract",
      `${errorPrefix}: the metric ${name} returned ${value}. A metric must be a number for every subset of the outcomes; ` +
        "return 0 where it is undefined.",
    );
  };
  return Object.assign(checked, metric.proportion && { proportion: metric.proportion });
}
