import { studentQuantile } from "@mlan/statistics";
import type { SeedSpread } from "./view-results.ts";

const LEVEL = 0.95;

/**
 * Describes how a number varies over seeds; undefined with fewer than two. The interval ends at `lowest` and 1 if all
 * values are between them, as accuracies and their differences are.
 */
export function seedSpread(values: SeedSpread["values"], lowest: 0 | -1 = 0): SeedSpread | undefined {
  if (values.length < 2) return undefined;
  const numbers = values.map(({ value }) => value);
  const mean = meanOf(numbers);
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = Math.sqrt(squares / (numbers.length - 1));
  const half = (studentQuantile((1 + LEVEL) / 2, numbers.length - 1) * standardDeviation) / Math.sqrt(numbers.length);
  const isBounded = numbers.every((value) => value >= lowest && value <= 1);
  const [low, high] = isBounded
    ? [Math.max(lowest, mean - half), Math.min(1, mean + half)]
    : [mean - half, mean + half];
  return {
    values,
    mean,
    standardDeviation,
    lowest: Math.min(...numbers),
    highest: Math.max(...numbers),
    interval: { low, high, level: LEVEL },
  };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
