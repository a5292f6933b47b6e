import type { AnswerRecord, BenchmarkResult, Estimate, Outcome } from "@mlan/core";
import type { NewAnswer, Scoring } from "./evaluation-method.ts";
import { estimate } from "./estimate.ts";

/** Collects the answers of one evaluation, and keeps only their outcomes. */
export interface PendingResult {
  /** Adds an answer. `positions` is the number of positions that the model computed for it. */
  add(record: AnswerRecord, positions?: NewAnswer["positions"]): void;
  has(id: string): boolean;
  answered(): number;
  /** Computes the result. An error of a metric starts with `errorPrefix`. */
  finish(errorPrefix: string): Pick<BenchmarkResult, "unreadable" | "truncatedPrompts" | "metrics" | "positions">;
}

/** Creates an empty result. `ids` are the ids of all questions, in the order of the benchmark. */
export function pendingResult(scorings: readonly Scoring[], ids: readonly string[]): PendingResult {
  const outcomes = new Map<string, readonly Outcome[]>();
  const positions = { prompts: 0, computed: 0 };
  let truncatedPrompts = 0;
  // Outcomes are in the order of the questions, not of the answers, so that sums of floats do not depend on
  // interruptions.
  const outcomesOf = (scoring: number): readonly Outcome[] => ids.flatMap((id) => outcomes.get(id)?.[scoring] ?? []);
  return {
    add(record, { prompts, computed } = { prompts: 0, computed: 0 }) {
      const read = scorings.map((scoring) => scoring.outcome(record));
      outcomes.set(record.id, read);
      if (record.truncatedPositions !== undefined) truncatedPrompts++;
      positions.prompts += prompts;
      positions.computed += computed;
    },
    has: (id) => outcomes.has(id),
    answered: () => outcomes.size,
    finish(errorPrefix) {
      const metrics: Record<string, Estimate> = {};
      for (const [place, scoring] of scorings.entries()) {
        const read = outcomesOf(place);
        for (const [name, metric] of Object.entries(scoring.metrics))
          metrics[name] = estimate(errorPrefix, name, metric, read);
      }
      const unreadable = outcomesOf(0).filter(({ extracted }) => extracted === undefined).length;
      return { unreadable, truncatedPrompts, metrics, positions };
    },
  };
}
