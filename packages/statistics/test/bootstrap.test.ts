import {
  clusterBootstrap,
  clusterBootstrapMean,
  clusterBootstrapMeans,
  clusteredMean,
  pairedClusterBootstrap,
  pairedClusterBootstraps,
} from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const bits = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length });
const pairs = fc.integer({ min: 2, max: 40 }).chain((length) =>
  fc.record({
    first: bits(length),
    second: bits(length),
    keys: fc.array(fc.option(fc.integer({ min: 0, max: 8 }), { nil: undefined }), {
      minLength: length,
      maxLength: length,
    }),
  }),
);
const twoClusters = (keys: readonly (number | undefined)[]): (string | undefined)[] => [
  "first",
  ...keys.slice(1).map((key) => (key === undefined ? undefined : `${key}`)),
];

/** All lists of `length` clusters. */
function everyResample<Cluster>(clusters: readonly Cluster[], length: number): readonly (readonly Cluster[])[] {
  if (length === 0) return [[]];
  return everyResample(clusters, length - 1).flatMap((drawn) => clusters.map((cluster) => [...drawn, cluster]));
}

/** Distance of the mean of the drawn clusters from the overall mean, in clustered standard errors of the draw. */
function tValue(
  drawn: readonly (readonly number[])[],
  all: readonly (readonly number[])[],
  from: number = mean(all.flat()),
): number {
  const { mean: found, standardError } = clusteredMean({
    values: drawn.flat(),
    clusters: drawn.flatMap((cluster, index) => cluster.map(() => `${index}`)),
  });
  const distance = found - from;
  return Math.abs(distance) < 1e-12 ? 0 : distance / (standardError < 1e-9 ? 0 : standardError);
}

test("several pairs that share their resamples have the results that each has alone", () => {
  const samePairs = pairs.chain(({ first: { length }, keys }) => {
    const pair = fc.record({ first: bits(length), second: bits(length) });
    return fc.record({ all: fc.array(pair, { minLength: 2, maxLength: 4 }), keys: fc.constant(keys) });
  });
  fc.assert(
    fc.property(samePairs, fc.nat(), ({ all, keys }, seed) => {
      const options = { clusters: twoClusters(keys), resamples: 200, seed };
      expect(pairedClusterBootstraps({ pairs: all, ...options })).toEqual(
        all.map((pair) => pairedClusterBootstrap({ ...pair, ...options })),
      );
      const lists = all.map(({ first }) => first);
      expect(clusterBootstrapMeans({ all: lists, ...options })).toEqual(
        lists.map((values) => clusterBootstrapMean({ values, ...options })),
      );
    }),
    { numRuns: 50 },
  );
});

test("pairs of different items are refused", () => {
  const long = { first: [0, 1, 1, 0, 1, 1], second: [1, 1, 0, 0, 1, 0] };
  const short = { first: [0, 1], second: [1, 1] };
  expect(() => pairedClusterBootstraps({ pairs: [long, short] })).toThrow(
    "the first pair has 6 items and another pair 2; give the same items in all pairs.",
  );
});

describe("clusterBootstrap", () => {
  test("ends at the quantiles of the statistic over all possible resamples", () => {
    // The sum of three draws from 0, 1, 2 is 0..6 in 1, 3, 6, 7, 6, 3, 1 of 27 ways.
    const clusters = [[0], [1], [2]];
    const statistic = (items: readonly number[]): number => items.reduce((total, item) => total + item, 0);
    expect(clusterBootstrap({ clusters, statistic, level: 0.5 })).toEqual({ low: 2, high: 4, level: 0.5 });
    expect(clusterBootstrap({ clusters, statistic, level: 0.8 })).toEqual({ low: 1, high: 5, level: 0.8 });
    expect(clusterBootstrap({ clusters, statistic, level: 0.98 })).toEqual({ low: 0, high: 6, level: 0.98 });
  });

  test("draws whole clusters: items that always differ inside of their cluster never vary", () => {
    const clusters = Array.from({ length: 30 }, () => [0, 1]);
    expect(clusterBootstrap({ clusters, statistic: mean })).toEqual({ low: 0.5, high: 0.5, level: 0.95 });
    const apart = clusterBootstrap({ clusters: clusters.flat().map((item) => [item]), statistic: mean });
    expect(apart.high - apart.low).toBeGreaterThan(0.15);
  });

  test("accepts statistics that are not means", () => {
    const clusters = Array.from({ length: 101 }, (_, index) => [index]);
    const median = (items: readonly number[]): number => items.toSorted((a, b) => a - b)[50]!;
    const { low, high } = clusterBootstrap({ clusters, statistic: median });
    expect(low).toBeGreaterThan(30);
    expect(low).toBeLessThan(50);
    expect(high).toBeLessThan(70);
    expect(high).toBeGreaterThan(50);
  });

  test("depends on the seed only", () => {
    const options = { clusters: Array.from({ length: 20 }, (_, index) => [index % 7, index % 5]), statistic: mean };
    expect(clusterBootstrap({ ...options, seed: 4 })).toEqual(clusterBootstrap({ ...options, seed: 4 }));
    expect(clusterBootstrap({ ...options, seed: 4 })).not.toEqual(clusterBootstrap({ ...options, seed: 5 }));
  });

  test("refuses what it cannot use, and names a statistic that is not finite", () => {
    const clusters = [[1], [0]];
    expect(() => clusterBootstrap({ clusters: [[1]], statistic: mean })).toThrow(/is 1 cluster/);
    expect(() => clusterBootstrap({ clusters, statistic: mean, resamples: 10 })).toThrow(
      /resamples is 10.*100 or more/,
    );
    expect(() => clusterBootstrap({ clusters, statistic: mean, level: 1 })).toThrow(/level is 1/);
    expect(() => clusterBootstrap({ clusters, statistic: (items) => 1 / mean(items) })).toThrow(/returned Infinity/);
  });
});

describe("clusterBootstrapMean", () => {
  test("is close to the t interval for many independent values", () => {
    const values = Array.from({ length: 400 }, (_, item) => (item * 7919) % 400);
    const { mean: found, standardError, interval } = clusterBootstrapMean({ values });
    expect(found).toBeCloseTo(199.5, 9);
    expect(standardError).toBeCloseTo(Math.sqrt((400 ** 2 - 1) / 12 / 399), 9);
    expect((interval.high - found) / standardError).toBeCloseTo(1.966, 1); // t of 399 degrees
    expect(interval.high - found).toBeCloseTo(found - interval.low, 9);
  });

  test("does not gain from copies of a question inside of its cluster", () => {
    fc.assert(
      fc.property(bits(25), fc.integer({ min: 2, max: 5 }), (values, copies) => {
        const copied = values.flatMap((value) => Array.from({ length: copies }, () => value));
        const clusters = copied.map((_, item) => `${Math.floor(item / copies)}`);
        const alone = clusterBootstrapMean({ values, resamples: 200 });
        const clustered = clusterBootstrapMean({ values: copied, clusters, resamples: 200 });
        expect(clustered.interval.low).toBeCloseTo(alone.interval.low, 9);
        expect(clustered.interval.high).toBeCloseTo(alone.interval.high, 9);
      }),
      { numRuns: 30 },
    );
  });

  test("has no width when clusters do not differ", () => {
    const { interval } = clusterBootstrapMean({ values: [0, 1, 1, 0], clusters: ["a", "a", "b", "b"] });
    expect(interval).toEqual({ low: 0.5, high: 0.5, level: 0.95 });
  });
});

describe("pairedClusterBootstrap", () => {
  test("shows a difference that is the same in all clusters but one", () => {
    // Four questions per image: the second answers two of them correctly, and three for one image.
    const clusters = Array.from({ length: 200 }, (_, item) => `${Math.floor(item / 4)}`);
    const second = clusters.map((_, item) => (item % 4 < 2 || item === 2 ? 1 : 0));
    const found = pairedClusterBootstrap({ first: second.map(() => 0), second, clusters });
    expect(found.difference).toBeCloseTo(0.505, 12);
    expect(found.p).toBeLessThan(0.001);
    expect(found.interval.low).toBeGreaterThanOrEqual(0.5);
    expect(found.interval.high).toBeLessThan(0.54);
  });

  test("shows no difference between clusters that differ by equal amounts in both directions", () => {
    const clusters = Array.from({ length: 80 }, (_, item) => `${Math.floor(item / 4)}`);
    const first = clusters.map((cluster) => (Number(cluster) === 3 ? 1 : 0));
    const second = clusters.map((cluster) => (Number(cluster) === 5 ? 1 : 0));
    const { p, interval } = pairedClusterBootstrap({ first, second, clusters });
    expect(p).toBe(1);
    expect(interval.low).toBeLessThanOrEqual(0);
    expect(interval.high).toBeGreaterThanOrEqual(0);
  });

  test("approaches the p-value and the interval over all possible resamples", () => {
    const clusters = [[3, 1], [2], [-1, 1, 2], [4, 2], [1, -2, 3], [2, 5]];
    const deviations = everyResample(clusters, clusters.length).map((drawn) => Math.abs(tValue(drawn, clusters)));
    const sorted = deviations.toSorted((a, b) => a - b);
    const observed = Math.abs(tValue(clusters, clusters, 0));
    const found = pairedClusterBootstrap({
      first: clusters.flat().map(() => 0),
      second: clusters.flat(),
      clusters: clusters.flatMap((cluster, index) => cluster.map(() => `${index}`)),
      resamples: 40_000,
      level: 0.8,
    });
    const p = deviations.filter((deviation) => deviation >= observed - 1e-9).length / deviations.length;
    expect(p).toBeGreaterThan(0.03);
    expect(Math.abs(found.p - p)).toBeLessThan(0.004);
    const critical = (found.interval.high - found.difference) / found.standardError;
    expect(critical).toBeGreaterThan(sorted[Math.floor(0.79 * sorted.length)]!);
    expect(critical).toBeLessThan(sorted[Math.floor(0.81 * sorted.length)]!);
  });

  test("leaves 0 out of its interval exactly when p is at most 1 - level", () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(0.6, 0.9, 0.95), ({ first, second, keys }, level) => {
        const { p, interval, difference } = pairedClusterBootstrap({
          first,
          second,
          clusters: twoClusters(keys),
          level,
          resamples: 199,
        });
        expect(interval.low > 0 || interval.high < 0).toBe(p <= 1 - level);
        expect(interval.low).toBeLessThanOrEqual(difference + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(difference - 1e-12);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  test("changes sign when the runs are swapped", () => {
    fc.assert(
      fc.property(pairs, ({ first, second, keys }) => {
        const clusters = twoClusters(keys);
        const one = pairedClusterBootstrap({ first, second, clusters, resamples: 199 });
        const other = pairedClusterBootstrap({ first: second, second: first, clusters, resamples: 199 });
        expect(other.p).toBe(one.p);
        expect(other.difference).toBeCloseTo(-one.difference, 12);
        expect(other.interval.low).toBeCloseTo(-one.interval.high, 12);
        expect(other.interval.high).toBeCloseTo(-one.interval.low, 12);
      }),
      { numRuns: 50 },
    );
  });

  test("finds a difference that pairing shows and separate accuracies would not", () => {
    const first = Array.from({ length: 400 }, (_, item) => Number(item % 2 === 0));
    const second = first.map((value, item) => (item % 40 === 1 ? 1 : value)); // 10 more correct, none lost
    const { difference, p, interval, clusters } = pairedClusterBootstrap({ first, second });
    expect(difference).toBeCloseTo(10 / 400, 12);
    expect(clusters).toBe(400);
    expect(p).toBeLessThan(0.01);
    expect(interval.low).toBeGreaterThan(0);
    expect(clusterBootstrapMean({ values: first }).interval.high).toBeGreaterThan(0.54);
  });

  test("shows nothing when all differences are in one cluster", () => {
    const first = Array.from({ length: 400 }, () => 0);
    const second = first.map((_, item) => Number(item < 40));
    const clusters = first.map((_, item) => `${Math.floor(item / 40)}`);
    expect(pairedClusterBootstrap({ first, second }).p).toBeLessThan(0.001);
    const { p, interval } = pairedClusterBootstrap({ first, second, clusters });
    expect(p).toBeGreaterThan(0.3);
    expect(interval.low).toBeLessThanOrEqual(0);
  });

  test("shows nothing with fewer than six clusters that differ, however much they do", () => {
    const run = (clusters: number): number =>
      pairedClusterBootstrap({
        first: Array.from({ length: clusters * 50 }, () => 0),
        second: Array.from({ length: clusters * 50 }, () => 1),
        clusters: Array.from({ length: clusters * 50 }, (_, item) => `${item % clusters}`),
      }).p;
    expect(run(5)).toBe(1 / 16);
    expect(run(6)).toBe(1 / 32);
  });

  test("has p = 1 and no width for equal answers", () => {
    const first = [1, 0, 1, 1];
    expect(pairedClusterBootstrap({ first, second: first })).toMatchObject({
      difference: 0,
      p: 1,
      interval: { low: 0, high: 0 },
    });
  });

  test("keeps the interval near where only three of many questions differ", () => {
    const first = Array.from({ length: 2000 }, () => 0);
    const second = first.map((_, item) => Number(item < 3));
    const { p, interval } = pairedClusterBootstrap({ first, second });
    expect(p).toBeGreaterThan(0.05);
    expect(interval.low).toBe(0);
    expect(interval.high).toBeGreaterThan(5 / 2000);
    expect(interval.high).toBeLessThan(20 / 2000);
  });

  test("refuses what it cannot use", () => {
    const first = [1, 0, 1];
    expect(() => pairedClusterBootstrap({ first, second: [1, 0] })).toThrow(/3 first and 2 second values/);
    expect(() => pairedClusterBootstrap({ first, second: first, clusters: ["a", "a", "a"] })).toThrow(/is 1 cluster/);
    expect(() => pairedClusterBootstrap({ first, second: first, level: 0.999, resamples: 500 })).toThrow(
      /500 resamples are too few for a level of 0\.999; use 1000 or more/,
    );
  });
});
