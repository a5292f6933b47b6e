import { type Estimate, type Metric, MlanError, type Outcome } from "@mlan/core";
import { jackknife } from "./jackknife.ts";

/**
 * A metric with its standard error. Throws `contract` in the name of `speaker` when the metric gives no number for all
 * outcomes or a part of them.
 */
export function estimate(speaker: string, name: string, metric: Metric, outcomes: readonly Outcome[]): Estimate {
  const statistic = (some: readonly Outcome[]): number => finite(speaker, name, metric(some));
  const value = statistic(outcomes);
  const standardError = jackknife(statistic, outcomes);
  return { value, ...(standardError !== undefined && { standardError }) };
}

function finite(speaker: string, name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new MlanError(
    "contract",
    `${speaker}: the metric ${name} gave ${value}. A metric must be a number for every subset of the outcomes; ` +
      "let it give 0 where it is undefined.",
  );
}
