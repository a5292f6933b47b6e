import type { Metric, Outcome } from "@mlan/core";

/** TP / (TP + FP): the proportion of "yes" answers that are correct. 0 without a "yes" answer. */
export const precision: Metric = (outcomes) => share(outcomes.filter(saysYes), isYes);

/**
 * TP / (TP + FN): the proportion of "yes" targets that are answered "yes". An unreadable answer is not a "yes". 0
 * without a "yes" target.
 */
export const recall: Metric = (outcomes) => share(outcomes.filter(isYes), saysYes);

/** Like {@link recall}, over answers that are exactly yes or no. The original code ignores all others. */
export const recallAmongAnswered: Metric = (outcomes) =>
  share(
    outcomes.filter((outcome) => isYes(outcome) && (saysYes(outcome) || outcome.extracted === "no")),
    saysYes,
  );

/** The harmonic mean of precision and the given recall. 0 if both are 0. */
export function f1(recallMetric: Metric): Metric {
  return (outcomes) => {
    const [p, r] = [precision(outcomes), recallMetric(outcomes)];
    return p + r === 0 ? 0 : (2 * p * r) / (p + r);
  };
}

/** The proportion of questions that are answered "yes". */
export const predictedYesRatio: Metric = (outcomes) => share(outcomes, saysYes);

/**
 * The proportion of targets that are "yes". The original code prints this proportion as its yes_ratio, whatever the
 * model answers.
 */
export const goldYesRatio: Metric = (outcomes) => share(outcomes, isYes);

function saysYes({ extracted }: Outcome): boolean {
  return extracted === "yes";
}

function isYes({ target }: Outcome): boolean {
  return target === "yes";
}

function share(outcomes: readonly Outcome[], condition: (outcome: Outcome) => boolean): number {
  return outcomes.length === 0 ? 0 : outcomes.filter(condition).length / outcomes.length;
}
