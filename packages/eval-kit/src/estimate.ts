import { type Estimate, type Metric, MlanError, type Outcome } from "@mlan/core";
import { clustersOf } from "./clusters.ts";
import { jackknife } from "./jackknife.ts";

/**
 * A metric with its standard error. Throws `contract` in the name of `speaker` when the metric gives no number for all
 * outcomes or a part of them.
 */
export function estimate(speaker: string, name: string, metric: Metric, outcomes: readonly Outcome[]): Estimate {
  const checked = finite(speaker, name, metric);
  const value = checked(outcomes);
  const standardError = jackknife(checked, clustersOf(outcomes));
  return { value, ...(standardError !== undefined && { standardError }) };
}

/** The metric, which must give numbers. */
function finite(speaker: string, name: string, metric: Metric): Metric {
  const checked = (outcomes: readonly Outcome[]): number => {
    const value = metric(outcomes);
    if (Number.isFinite(value)) return value;
    throw new MlanError(
      "contract",
      `${speaker}: the metric ${name} gave ${value}. A metric must be a number for every subset of the outcomes; ` +
        "let it give 0 where it is undefined.",
    );
  };
  return Object.assign(checked, metric.proportion && { proportion: metric.proportion });
}
