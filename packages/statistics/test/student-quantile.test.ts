import { studentQuantile } from "@mlan/statistics";
import { expect, test } from "vitest";

/** Quantiles for the probability 0.975 by degrees of freedom, from the incomplete beta function of mpmath. */
const REFERENCE: Readonly<Record<string, number>> = {
  1: 12.706204736174694,
  2: 4.302652729749462,
  3: 3.182446305283708,
  4: 2.7764451051977934,
  5: 2.570581835636314,
  9: 2.2621571627982053,
  30: 2.042272456301236,
};

test("quantiles of Student's t agree with SciPy's", () => {
  for (const [degrees, quantile] of Object.entries(REFERENCE)) {
    expect(studentQuantile(0.975, Number(degrees))).toBeCloseTo(quantile, 9);
    expect(studentQuantile(0.025, Number(degrees))).toBeCloseTo(-quantile, 9);
  }
  expect(studentQuantile(0.5, 7)).toBeCloseTo(0, 12);
  expect([0, 1, 2].map((probability) => studentQuantile(probability, 3))).toEqual([-Infinity, Infinity, NaN]);
});

test("degrees of freedom are a whole number, 1 or more", () => {
  for (const degrees of [0, -1, 1.5, NaN]) {
    expect(() => studentQuantile(0.9, degrees)).toThrow(
      `statistics: ${degrees} degrees of freedom; give a whole number`,
    );
  }
});
