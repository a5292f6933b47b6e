import type { Metric, Outcome } from "@mlan/core";

/** TP / (TP + FP): how often an answer "yes" is right; 0 when nothing was answered "yes". */
export const precision: Metric = (outcomes) => share(outcomes.filter(saysYes), isYes);

/** TP / (TP + FN), an unreadable answer being a missed "yes"; 0 when no target is "yes". */
export const recall: Metric = (outcomes) => share(outcomes.filter(isYes), saysYes);

/** As {@link recall}, of the answers that are exactly yes or no: the original code ignores the others. */
export const recallAmongAnswered: Metric = (outcomes) =>
  share(
    outcomes.filter((outcome) => isYes(outcome) && (saysYes(outcome) || outcome.extracted === "no")),
    saysYes,
  );

/** The harmonic mean of precision and the given recall; 0 when both are. */
export function f1(recallMetric: Metric): Metric {
  return (outcomes) => {
    const [p, r] = [precision(outcomes), recallMetric(outcomes)];
    return p + r === 0 ? 0 : (2 * p * r) / (p + r);
  };
}

/** Share of answers "yes" among all questions. */
export const predictedYesRatio: Metric = (outcomes) => share(outcomes, saysYes);

/** Share of targets "yes": what the original code prints as its yes_ratio, whatever the model answers. */
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
