import { exactMcNemar } from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "./reference.ts";

const few = fc.integer({ min: 0, max: 60 });

describe("exactMcNemar", () => {
  test("equals the p-value of Agresti's ratings of a prime minister (794, 150, 86, 570)", () => {
    // Agresti 2013, Categorical Data Analysis, section 11.1; R's exact2x2 prints p-value = 3.716e-05.
    expect(exactMcNemar({ onlyFirst: 150, onlySecond: 86 }).toExponential(3)).toBe("3.716e-5");
  });

  test("equals both p-values of the airway hyper-responsiveness example (1 and 7)", () => {
    // Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91: 0.070 and mid-p 0.039.
    expect(exactMcNemar({ onlyFirst: 1, onlySecond: 7 }).toFixed(3)).toBe("0.070");
    expect(exactMcNemar({ onlyFirst: 1, onlySecond: 7, midP: true }).toFixed(3)).toBe("0.039");
  });

  test.each(reference.mcnemar)("agrees with statsmodels: $onlyFirst and $onlySecond", ({ p, midP, ...discordant }) => {
    expect(Math.abs(exactMcNemar(discordant) / p - 1)).toBeLessThan(1e-9);
    expect(Math.abs(exactMcNemar({ ...discordant, midP: true }) / midP - 1)).toBeLessThan(1e-9);
  });

  test("equals a count of subsets", () => {
    fc.assert(
      fc.property(few, few, (onlyFirst, onlySecond) => {
        const all = onlyFirst + onlySecond;
        let subsets = 0n;
        let ofSize = 1n;
        for (let size = 0; size <= Math.min(onlyFirst, onlySecond); size++) {
          subsets += ofSize;
          ofSize = (ofSize * BigInt(all - size)) / BigInt(size + 1);
        }
        const expected = Math.min(1, Number(2n * subsets) / 2 ** all);
        expect(Math.abs(exactMcNemar({ onlyFirst, onlySecond }) / expected - 1)).toBeLessThan(1e-9);
      }),
    );
  });

  test("does not care which run is first, and falls as one more pair joins the larger side", () => {
    fc.assert(
      fc.property(few, few, fc.boolean(), (one, other, midP) => {
        const p = exactMcNemar({ onlyFirst: one, onlySecond: other, midP });
        expect(exactMcNemar({ onlyFirst: other, onlySecond: one, midP })).toBe(p);
        const [fewer, more] = [Math.min(one, other), Math.max(one, other)];
        if (p < 1) expect(exactMcNemar({ onlyFirst: fewer, onlySecond: more + 1, midP })).toBeLessThan(p);
      }),
    );
  });

  test("refuses values that are not counts", () => {
    expect(() => exactMcNemar({ onlyFirst: -1, onlySecond: 3 })).toThrow(/onlyFirst is -1/);
    expect(() => exactMcNemar({ onlyFirst: 1, onlySecond: 2.5 })).toThrow(/onlySecond is 2\.5/);
    expect(() => exactMcNemar({ onlyFirst: 1, onlySecond: 2_000_000 })).toThrow(/at most 1,000,000/);
  });
});
