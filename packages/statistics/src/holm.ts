import { MlanError } from "@mlan/core";

/**
 * P-values adjusted for looking at all of them, in the order given: those at most alpha are the hypotheses that the
 * step-down procedure rejects, with a probability of any false rejection of at most alpha, however they depend on each
 * other (Holm 1979, Scandinavian Journal of Statistics 6, 65-70). Throws `invalid-options` outside of 0..1.
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
  throw new MlanError("invalid-options", `statistics: p-value ${place} is ${p}; p-values lie between 0 and 1.`);
}
