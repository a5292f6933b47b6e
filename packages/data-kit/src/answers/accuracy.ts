import type { Metric } from "@mlan/core";

/** Share of correct answers, in 0..1; 0 of none. */
export const accuracy: Metric = Object.assign(
  (outcomes: Parameters<Metric>[0]): number =>
    outcomes.length === 0 ? 0 : outcomes.filter(({ correct }) => correct).length / outcomes.length,
  { proportion: true } as const,
);
