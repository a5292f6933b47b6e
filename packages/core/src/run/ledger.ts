import type { TokenCounts } from "../contracts/batch.ts";
import type { StepEndEvent } from "../contracts/trainer.ts";

/** One line of metrics.jsonl. */
export interface StepMetrics extends Omit<StepEndEvent, "type"> {
  readonly stage: string;
}

/** The cost of one training stage, summed over its steps. Steps that were repeated after a resume are counted once. */
export interface LedgerEntry extends TokenCounts {
  readonly stage: string;
  readonly steps: number;
  readonly flops: number;
  readonly seconds: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
}

/** Returns the cost of a stage from all its steps, in order. */
export function ledgerEntry(stage: string, steps: readonly StepMetrics[]): LedgerEntry {
  const sum = (of: (step: StepMetrics) => number): number => steps.reduce((total, step) => total + of(step), 0);
  return {
    stage,
    steps: steps.length,
    text: sum(({ counts }) => counts.text),
    image: sum(({ counts }) => counts.image),
    padding: sum(({ counts }) => counts.padding),
    supervised: sum(({ counts }) => counts.supervised),
    flops: sum(({ flops }) => flops),
    seconds: sum(({ seconds }) => seconds),
    firstLoss: steps[0]?.loss ?? NaN,
    lastLoss: steps.at(-1)?.loss ?? NaN,
  };
}
