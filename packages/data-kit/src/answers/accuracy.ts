import type { Outcome } from "@mlan/core";

/** Share of correct answers, in 0..1; 0 of none. */
export function accuracy(outcomes: readonly Outcome[]): number {
  if (outcomes.length === 0) return 0;
  return outcomes.filter(({ correct }) => correct).length / outcomes.length;
}
