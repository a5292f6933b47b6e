import { type Estimate, type Interval, type Metric, MlanError, type Outcome } from "@mlan/core";
import { clusterBootstrap, clustersOf, proportionInterval } from "@mlan/statistics";
import { jackknife } from "./jackknife.ts";

/** Outcomes that a percentile bootstrap looks at in all, which bounds its time. */
const OUTCOMES_RESAMPLED = 20_000_000;

/**
 * A metric with its standard error and its 95 % interval: Wilson's for a proportion of independent questions, by
 * resampled clusters otherwise. Throws `contract` in the name of `errorPrefix` when the metric gives no number for all
 * outcomes or a part of them.
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

/** The metric, which must give numbers. */
function finite(errorPrefix: string, name: string, metric: Metric): Metric {
  const checked = (outcomes: readonly Outcome[]): number => {
    const value = metric(outcomes);
    if (Number.isFinite(value)) return value;
    throw new MlanError(
      "contract",
      `${errorPrefix}: the metric ${name} gave ${value}. A metric must be a number for every subset of the outcomes; ` +
        "let it give 0 where it is undefined.",
    );
  };
  return Object.assign(checked, metric.proportion && { proportion: metric.proportion });
}
