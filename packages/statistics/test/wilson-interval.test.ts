import { normalQuantile, wilsonInterval } from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reference } from "./reference.ts";

const counts = fc
  .integer({ min: 1, max: 20_000 })
  .chain((trials) => fc.record({ trials: fc.constant(trials), successes: fc.integer({ min: 0, max: trials }) }));
const levels = fc.double({ min: 0.5, max: 0.999, noNaN: true });

describe("wilsonInterval", () => {
  // Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("equals Newcombe's limits for %i of %i", (successes, trials, low, high) => {
    const interval = wilsonInterval({ successes, trials });
    expect(interval.low.toFixed(4)).toBe(low.toFixed(4));
    expect(interval.high.toFixed(4)).toBe(high.toFixed(4));
    expect(interval.level).toBe(0.95);
  });

  test.each(reference.wilson)(
    "agrees with statsmodels: $successes of $trials at $level",
    ({ low, high, ...options }) => {
      const interval = wilsonInterval(options);
      expect(interval.low).toBeCloseTo(low, 12);
      expect(interval.high).toBeCloseTo(high, 12);
    },
  );

  test("ends where the observed share is z standard errors away, each at the bound's own variance", () => {
    fc.assert(
      fc.property(counts, levels, ({ successes, trials }, level) => {
        const interval = wilsonInterval({ successes, trials, level });
        const z = normalQuantile((1 + level) / 2);
        for (const bound of [interval.low, interval.high].filter((bound) => bound > 0 && bound < 1)) {
          expect((successes / trials - bound) ** 2).toBeCloseTo((z ** 2 * bound * (1 - bound)) / trials, 9);
        }
        expect(interval.low).toBeLessThanOrEqual(successes / trials);
        expect(interval.high).toBeGreaterThanOrEqual(successes / trials);
        expect(interval.high - interval.low).toBeGreaterThan(0);
      }),
    );
  });

  test("is mirrored when successes and failures change places", () => {
    fc.assert(
      fc.property(counts, levels, ({ successes, trials }, level) => {
        const interval = wilsonInterval({ successes, trials, level });
        const mirrored = wilsonInterval({ successes: trials - successes, trials, level });
        expect(interval.low).toBeCloseTo(1 - mirrored.high, 12);
        expect(interval.high).toBeCloseTo(1 - mirrored.low, 12);
      }),
    );
  });

  test.each([
    [{ successes: 3, trials: 0 }, /trials is 0/],
    [{ successes: -1, trials: 3 }, /successes is -1/],
    [{ successes: 0.7, trials: 1 }, /successes is 0\.7/],
    [{ successes: 4, trials: 3 }, /4 successes of 3 trials/],
    [{ successes: 1, trials: 3, level: 95 }, /level is 95; give a number between 0 and 1/],
  ])("refuses %o", (options, message) => {
    expect(() => wilsonInterval(options)).toThrow(message);
  });
});

describe("normalQuantile", () => {
  test.each(reference.normalQuantile)("agrees with scipy at $probability", ({ probability, quantile }) => {
    expect(Math.abs(normalQuantile(probability) - quantile)).toBeLessThanOrEqual(
      1e-14 * Math.max(1, Math.abs(quantile)),
    );
  });

  test("is infinite at the ends and not a number outside", () => {
    expect(normalQuantile(0)).toBe(-Infinity);
    expect(normalQuantile(1)).toBe(Infinity);
    expect(normalQuantile(-0.1)).toBeNaN();
    expect(normalQuantile(1.1)).toBeNaN();
  });
});
