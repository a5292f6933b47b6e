import type { AnswerRecord, BenchmarkResult, Estimate, Outcome } from "@mlan/core";
import type { NewAnswer, Scoring } from "./evaluation-method.ts";
import { estimate } from "./estimate.ts";

/** The answers of one evaluation as they come in, of which only outcomes are kept. */
export interface PendingResult {
  /** `positions` are those that this call spent on it. */
  add(record: AnswerRecord, positions?: NewAnswer["positions"]): void;
  has(id: string): boolean;
  answered(): number;
  /** `errorPrefix` begins the error of a metric that gives no number. */
  finish(errorPrefix: string): Pick<BenchmarkResult, "unreadable" | "cutPrompts" | "metrics" | "positions">;
}

/** `ids` are those of all questions, in the order of the benchmark. */
export function pendingResult(scorings: readonly Scoring[], ids: readonly string[]): PendingResult {
  const outcomes = new Map<string, readonly Outcome[]>();
  const positions = { prompts: 0, computed: 0 };
  let cutPrompts = 0;
  // In question order, not the order of answering: sums of floats must not depend on how a run was interrupted.
  const outcomesOf = (scoring: number): readonly Outcome[] => ids.flatMap((id) => outcomes.get(id)?.[scoring] ?? []);
  return {
    add(record, { prompts, computed } = { prompts: 0, computed: 0 }) {
      const read = scorings.map((scoring) => scoring.outcome(record));
      outcomes.set(record.id, read);
      if (record.cutPositions !== undefined) cutPrompts++;
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
      return { unreadable, cutPrompts, metrics, positions };
    },
  };
}
