import type { Metric, Outcome } from "@mlan/core";
import { cleanPart } from "./clean-part.ts";
import type { BenchmarkContamination } from "./report.ts";

export interface CleanScoresOptions<Score> {
  readonly outcomes: readonly Outcome[];
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly contamination: BenchmarkContamination;
  /** Computes the score for a metric, e.g. with its standard error. */
  estimate(metric: Metric, outcomes: readonly Outcome[]): Score;
}

export interface CleanScore<Score> {
  readonly all: Score;
  /** The score over the clean outcomes. Undefined when no outcome is clean. */
  readonly clean: Score | undefined;
}

/**
 * Computes each metric over all outcomes, and over the clean outcomes (those of questions that were not found in the
 * mixture).
 */
export function cleanScores<Score>(options: CleanScoresOptions<Score>): Readonly<Record<string, CleanScore<Score>>> {
  const { metrics, estimate } = options;
  const { all, clean } = cleanPart(options.outcomes, options.contamination);
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [
      name,
      { all: estimate(metric, all), clean: clean.length > 0 ? estimate(metric, clean) : undefined },
    ]),
  );
}
