import type { AnswerRecord, BenchmarkResult, Estimate, Outcome } from "@mlan/core";
import type { Reading } from "./asker.ts";
import { estimate } from "./estimate.ts";

/** The answers of one evaluation as they come in, of which only outcomes are kept. */
export interface PendingResult {
  add(record: AnswerRecord): void;
  has(id: string): boolean;
  answered(): number;
  /** `speaker` begins the error of a metric that gives no number. */
  estimates(speaker: string): Pick<BenchmarkResult, "unreadable" | "metrics">;
}

/** `ids` are those of all questions, in the order of the benchmark. */
export function resultOf(readings: readonly Reading[], ids: readonly string[]): PendingResult {
  const outcomes = new Map<string, readonly Outcome[]>();
  return {
    add: (record) => {
      const { id } = record;
      outcomes.set(
        id,
        readings.map((reading) => reading.outcome(record)),
      );
    },
    has: (id) => outcomes.has(id),
    answered: () => outcomes.size,
    estimates(speaker) {
      const metrics: Record<string, Estimate> = {};
      for (const [place, reading] of readings.entries()) {
        // In question order, not the order of answering: sums of floats must not depend on how a run was interrupted.
        const read = ids.flatMap((id) => outcomes.get(id)?.[place] ?? []);
        for (const [name, metric] of Object.entries(reading.metrics))
          metrics[name] = estimate(speaker, name, metric, read);
      }
      const first = ids.flatMap((id) => outcomes.get(id)?.[0] ?? []);
      return { metrics, unreadable: first.filter(({ extracted }) => extracted === undefined).length };
    },
  };
}
