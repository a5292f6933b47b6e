import { minimumDetectableEffect, normalQuantile } from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** Number of pairs needed to detect a difference (Connor 1987, Biometrics 43, 207-211). */
function pairsNeeded(discordantShare: number, difference: number, power: number, significance: number): number {
  const significant = normalQuantile(1 - significance / 2) * Math.sqrt(discordantShare);
  const powerful = normalQuantile(power) * Math.sqrt(discordantShare - difference ** 2);
  return ((significant + powerful) / difference) ** 2;
}

describe("minimumDetectableEffect", () => {
  test("inverts the sample size formula", () => {
    const designs = fc.record({
      discordantShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
      part: fc.double({ min: 0.01, max: 0.7, noNaN: true }),
      power: fc.double({ min: 0.5, max: 0.95, noNaN: true }),
      significance: fc.constantFrom(0.01, 0.05, 0.1),
    });
    fc.assert(
      fc.property(designs, ({ discordantShare, part, power, significance }) => {
        const pairs = Math.ceil(pairsNeeded(discordantShare, part * discordantShare, power, significance));
        const effect = minimumDetectableEffect({ pairs, discordantShare, power, significance })!;
        expect(effect).toBeLessThanOrEqual(part * discordantShare * (1 + 1e-9));
        expect(pairsNeeded(discordantShare, effect, power, significance)).toBeCloseTo(pairs, 3);
      }),
    );
  });

  test("equals a calculation by hand", () => {
    // 200 discordant of 1000: d = sqrt(0.2) (1.95996 sqrt(1000) + 0.84162 sqrt(996.867)) / 1000.708
    expect(minimumDetectableEffect({ pairs: 1000, discordantShare: 0.2 })).toBeCloseTo(0.03957, 5);
  });

  test("counts dependent pairs as fewer", () => {
    const effect = minimumDetectableEffect({ pairs: 4000, discordantShare: 0.2, designEffect: 4 });
    expect(effect).toBe(minimumDetectableEffect({ pairs: 1000, discordantShare: 0.2 }));
  });

  test("needs about eight discordant pairs in one direction where runs hardly differ", () => {
    const effect = minimumDetectableEffect({ pairs: 10_000, discordantShare: 0 })!;
    expect(effect * 10_000).toBeGreaterThan(7.5);
    expect(effect * 10_000).toBeLessThan(8);
    expect(minimumDetectableEffect({ pairs: 10_000, discordantShare: 1e-5 })).toBe(effect);
  });

  test("is undefined where not even all pairs in one direction show anything", () => {
    expect(minimumDetectableEffect({ pairs: 0, discordantShare: 0 })).toBeUndefined();
    expect(minimumDetectableEffect({ pairs: 2, discordantShare: 1 })).toBeUndefined();
    expect(minimumDetectableEffect({ pairs: 20, discordantShare: 1, designEffect: 10 })).toBeUndefined();
    expect(minimumDetectableEffect({ pairs: 6, discordantShare: 1 })).toBeLessThanOrEqual(1);
  });

  test("refuses values that are not shares", () => {
    expect(() => minimumDetectableEffect({ pairs: 10, discordantShare: 20 })).toThrow(/discordantShare is 20/);
    expect(() => minimumDetectableEffect({ pairs: 10, discordantShare: 0.2, power: 80 })).toThrow(/power is 80/);
    expect(() => minimumDetectableEffect({ pairs: 10, discordantShare: 0.2, significance: 5 })).toThrow(
      /significance is 5/,
    );
    expect(() => minimumDetectableEffect({ pairs: 10, discordantShare: 0.2, designEffect: 0 })).toThrow(
      /designEffect is 0/,
    );
    expect(() => minimumDetectableEffect({ pairs: 1.5, discordantShare: 0.2 })).toThrow(/pairs is 1\.5/);
  });
});
