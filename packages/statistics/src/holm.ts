import { MlanError } from "@mlan/core";

/**
 * Returns p-values adjusted for multiple comparisons, in the given order. Reject the hypotheses whose adjusted p-value
 * is at most alpha (Holm's step-down procedure): the probability of any false rejection is then at most alpha, whatever
 * the dependence between the hypotheses (Holm 1979, Scandinavian Journal of Statistics 6, 65-70). Throws
 * `invalid-options` for values outside 0..1.
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const adjusted = pValues.map(() => 1);
  const order = pValues.map((p, place) => ({ p: checked(p, place), place })).toSorted((a, b) => a.p - b.p);
  let least = 0;
  for (const [rank, { p, place }] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (pValues.length - rank)));
    adjusted[place] = least;
  }
  return adjusted;
}

function checked(p: number, place: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new MlanError("invalid-options", `statistics: p-value ${place} is ${p}; p-values must be between 0 and 1.`);
}
