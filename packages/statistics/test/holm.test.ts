import { holm } from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "./reference.ts";

const rounded = (values: readonly number[]): readonly number[] => values.map((value) => Number(value.toFixed(12)));
const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

describe("holm", () => {
  test("equals R's p.adjust", () => {
    expect(rounded(holm([0.01, 0.02, 0.03, 0.04, 0.05]))).toEqual([0.05, 0.08, 0.09, 0.09, 0.09]);
    expect(rounded(holm([0.01, 0.04, 0.03, 0.005]))).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  test.each(reference.holm)("agrees with statsmodels", ({ p, adjusted }) => {
    for (const [place, value] of holm(p).entries()) expect(value).toBeCloseTo(adjusted[place]!, 12);
  });

  test("rejects what the step-down procedure rejects", () => {
    fc.assert(
      fc.property(pValues, fc.constantFrom(0.01, 0.05, 0.2), (p, alpha) => {
        const sorted = p.toSorted((a, b) => a - b);
        const kept = sorted.findIndex((value, rank) => value * (p.length - rank) > alpha);
        const rejected = kept === -1 ? p.length : kept;
        expect(holm(p).filter((adjusted) => adjusted <= alpha)).toHaveLength(rejected);
      }),
    );
  });

  test("lies between the p-value and Bonferroni's, and keeps the order of the p-values", () => {
    fc.assert(
      fc.property(pValues, (p) => {
        const adjusted = holm(p);
        for (const [place, value] of p.entries()) {
          expect(adjusted[place]).toBeGreaterThanOrEqual(value);
          expect(adjusted[place]).toBeLessThanOrEqual(Math.min(1, value * p.length));
          for (const [other, another] of p.entries()) {
            if (value < another) expect(adjusted[place]).toBeLessThanOrEqual(adjusted[other]!);
          }
        }
      }),
    );
  });

  test("refuses values that are not p-values", () => {
    expect(() => holm([0.1, Number.NaN])).toThrow(/p-value 1 is NaN/);
    expect(() => holm([1.2])).toThrow(/p-value 0 is 1\.2/);
  });
});
