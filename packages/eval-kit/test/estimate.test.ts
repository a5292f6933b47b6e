import type { Metric, Outcome } from "@mlan/core";
import { estimate } from "@mlan/eval-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const accuracy: Metric = (outcomes) => outcomes.filter(({ correct }) => correct).length / outcomes.length;

const outcomes = (correct: readonly boolean[], cluster?: (index: number) => string): readonly Outcome[] =>
  correct.map((one, index) => ({
    id: `${index}`,
    target: "yes",
    extracted: one ? "yes" : "no",
    correct: one,
    ...(cluster && { cluster: cluster(index) }),
  }));

const proportion: Metric = Object.assign((all: readonly Outcome[]) => accuracy(all), { proportion: true } as const);

describe("estimate", () => {
  test("takes a proportion's short cut to the same number", () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 8, maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (correct, per) => {
          const all = outcomes(correct, (index) => `article ${Math.floor(index / per)}`);
          const short = estimate("test", "accuracy", proportion, all);
          const long = estimate("test", "accuracy", accuracy, all);
          expect(short.value).toBeCloseTo(long.value, 12);
          expect(short.standardError).toBeCloseTo(long.standardError ?? NaN, 12);
        },
      ),
    );
  });

  test("leaves out groups of clusters where there are thousands, to nearly the same number", () => {
    const correct = Array.from({ length: 5000 }, (_, index) => (index * 7919) % 10 < 7);
    const { standardError } = estimate("test", "accuracy", accuracy, outcomes(correct));
    expect(standardError).toBeGreaterThan(Math.sqrt((0.7 * 0.3) / 5000) * 0.9);
    expect(standardError).toBeLessThan(Math.sqrt((0.7 * 0.3) / 5000) * 1.1);
  });

  test("gives s / sqrt(n) for a mean without clusters", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 60 }), (correct) => {
        const numbers = correct.map(Number);
        const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
        const variance = numbers.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (numbers.length - 1);
        const { value, standardError } = estimate("test", "accuracy", accuracy, outcomes(correct));
        expect(value).toBeCloseTo(mean, 12);
        expect(standardError).toBeCloseTo(Math.sqrt(variance / numbers.length), 12);
      }),
    );
  });

  test("counts copies of one question as one observation when they share a cluster", () => {
    const correct = [true, false, false, true, true];
    const copied = correct.flatMap((one) => [one, one, one]);
    const alone = estimate("test", "accuracy", accuracy, outcomes(correct));
    const clustered = estimate(
      "test",
      "accuracy",
      accuracy,
      outcomes(copied, (index) => `article ${Math.floor(index / 3)}`),
    );
    const ignored = estimate("test", "accuracy", accuracy, outcomes(copied));
    expect(clustered.value).toBeCloseTo(alone.value, 12);
    expect(clustered.standardError).toBeCloseTo(alone.standardError ?? NaN, 12);
    expect(ignored.standardError).toBeLessThan(alone.standardError ?? NaN);
  });

  test("handles ratios: the F1 of a hand-computed example", () => {
    const f1: Metric = (all) => {
      const hits = all.filter(({ extracted, target }) => extracted === "yes" && target === "yes").length;
      const said = all.filter(({ extracted }) => extracted === "yes").length;
      const there = all.filter(({ target }) => target === "yes").length;
      return said + there === 0 ? 0 : (2 * hits) / (said + there);
    };
    const answer = (target: string, extracted: string): Outcome => ({
      id: target + extracted,
      target,
      extracted,
      correct: target === extracted,
    });
    const all = [answer("yes", "yes"), answer("yes", "no"), answer("no", "yes")];
    // F1 = 2/4; without the hit 0, without either miss 2/3. Mean 4/9, squares 16/81 + 4/81 + 4/81, times 2/3.
    expect(estimate("test", "f1", f1, all).value).toBeCloseTo(0.5, 12);
    expect(estimate("test", "f1", f1, all).standardError).toBeCloseTo(Math.sqrt((24 / 81) * (2 / 3)), 12);
  });

  test("gives Wilson's interval of a proportion of single questions, also at its ends", () => {
    // Newcombe 1998, table I: 81 of 263, 0 of 20, 1 of 29.
    for (const [successes, trials, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const all = outcomes(Array.from({ length: trials }, (_, index) => index < successes));
      const { interval } = estimate("test", "accuracy", proportion, all);
      expect(interval).toMatchObject({ level: 0.95, method: "wilson" });
      expect(interval?.low).toBeCloseTo(low, 4);
      expect(interval?.high).toBeCloseTo(high, 4);
    }
  });

  test("gives a wider interval where questions on one article go together", () => {
    const correct = Array.from({ length: 300 }, (_, index) => Math.floor(index / 6) % 3 > 0);
    const clustered = outcomes(correct, (index) => `article ${Math.floor(index / 6)}`);
    const width = (all: readonly Outcome[]): number => {
      const { low = NaN, high = NaN } = estimate("test", "accuracy", proportion, all).interval ?? {};
      return high - low;
    };
    expect(estimate("test", "accuracy", proportion, clustered).interval?.method).toBe("cluster-bootstrap");
    // Six questions that are always answered alike count as one: sqrt(6) is 2.4.
    expect(width(clustered) / width(outcomes(correct))).toBeGreaterThan(2);
  });

  test("counts clusters, not questions, where everything is right", () => {
    const all = outcomes(Array(40).fill(true), (index) => `article ${Math.floor(index / 4)}`);
    const { interval } = estimate("test", "accuracy", proportion, all);
    // Wilson's of 10 of 10.
    expect(interval?.low).toBeCloseTo(0.7225, 4);
    expect(interval?.high).toBe(1);
  });

  test("gives the bootstrap's interval of any other metric", () => {
    const correct = Array.from({ length: 200 }, (_, index) => index % 4 > 0);
    const { interval, standardError = NaN } = estimate("test", "accuracy", accuracy, outcomes(correct));
    expect(interval?.method).toBe("cluster-bootstrap");
    expect(interval?.low).toBeGreaterThan(0.75 - 2.5 * standardError);
    expect(interval?.low).toBeLessThan(0.75 - 1.5 * standardError);
    expect(interval?.high).toBeGreaterThan(0.75 + 1.5 * standardError);
  });

  test("gives no standard error when all outcomes are of one cluster", () => {
    expect(
      estimate(
        "test",
        "accuracy",
        accuracy,
        outcomes([true, false], () => "one image"),
      ),
    ).toEqual({ value: 0.5 });
    expect(estimate("test", "accuracy", accuracy, outcomes([true]))).toEqual({ value: 1 });
  });

  test("names a metric that gives no number", () => {
    const precision: Metric = (all) => 1 / all.filter(({ correct }) => correct).length;
    expect(() => estimate("test", "precision", precision, outcomes([true, false]))).toThrow(
      /precision returned Infinity/,
    );
  });
});
