import { type Random, seededRandom } from "@mlan/core";
import {
  clusterBootstrap,
  clusterBootstrapMean,
  exactMcNemar,
  minimumDetectableEffect,
  pairedClusterBootstrap,
  wilsonInterval,
} from "@mlan/statistics";
import { describe, expect, test } from "vitest";

interface Runs {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly clusters: readonly string[];
}

interface World {
  readonly clusters: number;
  readonly size: (random: Random) => number;
  /** Share of questions whose outcome is drawn once for the whole cluster. */
  readonly shared: number;
  /** Probability that only the first run is correct. */
  readonly onlyFirst: number;
  /** Probability that only the second run is correct. */
  readonly onlySecond: number;
}

/** Draws two runs on clustered questions, whose pairs of outcomes have the given probabilities. */
function runsOf({ clusters, size, shared, onlyFirst, onlySecond }: World, random: Random): Runs {
  const pair = (): readonly [number, number] => {
    const drawn = random.next();
    if (drawn < onlyFirst) return [1, 0];
    if (drawn < onlyFirst + onlySecond) return [0, 1];
    return random.next() < 0.6 ? [1, 1] : [0, 0];
  };
  const items = Array.from({ length: clusters }, (_, cluster) => {
    const ofCluster = pair();
    return Array.from({ length: size(random) }, () => ({
      pair: random.next() < shared ? ofCluster : pair(),
      cluster: `${cluster}`,
    }));
  }).flat();
  return {
    first: items.map(({ pair }) => pair[0]),
    second: items.map(({ pair }) => pair[1]),
    clusters: items.map(({ cluster }) => cluster),
  };
}

/** Share of repetitions in which `happens` returns true. */
function rate(repetitions: number, happens: (random: Random) => boolean): number {
  const random = seededRandom(2024);
  let times = 0;
  for (let repetition = 0; repetition < repetitions; repetition++) times += happens(random) ? 1 : 0;
  return times / repetitions;
}

/** Three standard deviations of a rate with a known true value. */
const tolerance = (truth: number, repetitions: number): number => 3 * Math.sqrt((truth * (1 - truth)) / repetitions);

const mcnemarOf = ({ first, second }: Runs, midP = false): number =>
  exactMcNemar({
    onlyFirst: first.filter((value, item) => value > second[item]!).length,
    onlySecond: first.filter((value, item) => value < second[item]!).length,
    midP,
  });

describe("under the null", () => {
  const independent: World = { clusters: 300, size: () => 1, shared: 0, onlyFirst: 0.1, onlySecond: 0.1 };
  const images: World = { ...independent, clusters: 120, size: (random) => 1 + random.below(18), shared: 0.4 };

  test("McNemar's exact test has at most 5 % false positives and uses most of them, the mid-p has about 5 %", () => {
    let middle = 0;
    const exact = rate(2000, (random) => {
      const runs = runsOf(independent, random);
      middle += mcnemarOf(runs, true) <= 0.05 ? 1 : 0;
      return mcnemarOf(runs) <= 0.05;
    });
    expect(exact).toBeLessThanOrEqual(0.05 + tolerance(0.05, 2000));
    expect(exact).toBeGreaterThan(0.025);
    expect(Math.abs(middle / 2000 - 0.05)).toBeLessThan(tolerance(0.05, 2000));
  });

  test("the paired cluster bootstrap has about 5 % with clusters of unequal size, where McNemar has far more", () => {
    let ignoring = 0;
    const found = rate(1500, (random) => {
      const runs = runsOf(images, random);
      ignoring += mcnemarOf(runs) <= 0.05 ? 1 : 0;
      return pairedClusterBootstrap({ ...runs, resamples: 399, seed: random.below(1e9) }).p <= 0.05;
    });
    expect(Math.abs(found - 0.05)).toBeLessThan(tolerance(0.05, 1500));
    expect(ignoring / 1500).toBeGreaterThan(0.1);
  });

  test("the paired cluster bootstrap has at most 5 % with ten clusters", () => {
    const found = rate(2000, (random) => {
      const runs = runsOf({ ...images, clusters: 10, size: () => 10 }, random);
      return pairedClusterBootstrap({ ...runs, resamples: 399, seed: random.below(1e9) }).p <= 0.05;
    });
    expect(found).toBeLessThanOrEqual(0.05 + tolerance(0.05, 2000));
    expect(found).toBeGreaterThan(0.005);
  });
});

describe("with clusters", () => {
  const world: World = { clusters: 60, size: (r) => 5 + r.below(10), shared: 0.5, onlyFirst: 0.1, onlySecond: 0.2 };
  const accuracy = 0.1 + 0.7 * 0.6; // only the first is correct, or both

  test("95 % intervals of an accuracy cover it in 95 %, and those that ignore clusters do not", () => {
    let ignoring = 0;
    const covered = rate(1000, (random) => {
      const { first: values, clusters } = runsOf(world, random);
      const wilson = wilsonInterval({ successes: values.filter(Boolean).length, trials: values.length });
      ignoring += wilson.low <= accuracy && accuracy <= wilson.high ? 1 : 0;
      const { low, high } = clusterBootstrapMean({
        values,
        clusters,
        resamples: 399,
        seed: random.below(1e9),
      }).interval;
      return low <= accuracy && accuracy <= high;
    });
    expect(Math.abs(covered - 0.95)).toBeLessThan(tolerance(0.95, 1000));
    expect(ignoring / 1000).toBeLessThan(0.8);
  });

  test("95 % intervals of a difference cover it in 95 %", () => {
    const covered = rate(1000, (random) => {
      const { low, high } = pairedClusterBootstrap({
        ...runsOf(world, random),
        resamples: 399,
        seed: random.below(1e9),
      }).interval;
      return low <= 0.1 && 0.1 <= high;
    });
    expect(Math.abs(covered - 0.95)).toBeLessThan(tolerance(0.95, 1000));
  });

  test("percentile intervals of a statistic that is not a mean cover it in about 95 %", () => {
    // The share of the second run among questions that exactly one run answered correctly.
    const covered = rate(200, (random) => {
      const { first, second } = runsOf({ ...world, clusters: 100, size: () => 5 }, random);
      const items = first.map((value, item) => [value, second[item]!] as const);
      const { low, high } = clusterBootstrap({
        clusters: Array.from({ length: 100 }, (_, cluster) => items.slice(5 * cluster, 5 * cluster + 5)),
        statistic: (drawn) => {
          let wins = 0;
          let losses = 0;
          for (const [one, other] of drawn) {
            if (other > one) wins++;
            else if (other < one) losses++;
          }
          return wins / Math.max(1, wins + losses);
        },
        resamples: 200,
        seed: random.below(1e9),
      });
      return low <= 2 / 3 && 2 / 3 <= high;
    });
    expect(covered).toBeGreaterThan(0.95 - tolerance(0.95, 200) - 0.01);
    expect(covered).toBeLessThan(1);
  });
});

describe("at the minimum detectable effect, the difference is found in about 80 %", () => {
  test("by McNemar's test", () => {
    const effect = minimumDetectableEffect({ pairs: 1000, discordantShare: 0.2 })!;
    const world: World = {
      clusters: 1000,
      size: () => 1,
      shared: 0,
      onlyFirst: 0.1 - effect / 2,
      onlySecond: 0.1 + effect / 2,
    };
    let exact = 0;
    const found = rate(800, (random) => {
      const runs = runsOf(world, random);
      exact += mcnemarOf(runs) <= 0.05 ? 1 : 0;
      return mcnemarOf(runs, true) <= 0.05;
    });
    expect(Math.abs(found - 0.8)).toBeLessThan(tolerance(0.8, 800));
    expect(exact / 800).toBeLessThan(found);
    expect(exact / 800).toBeGreaterThan(0.75 - tolerance(0.75, 800));
  });

  test("by the paired cluster bootstrap, where all questions of a cluster go the same way", () => {
    const [clusters, size] = [200, 5];
    const effect = minimumDetectableEffect({ pairs: clusters * size, discordantShare: 0.3, designEffect: size })!;
    const world: World = {
      clusters,
      size: () => size,
      shared: 1,
      onlyFirst: 0.15 - effect / 2,
      onlySecond: 0.15 + effect / 2,
    };
    const found = rate(500, (random) => {
      const runs = runsOf(world, random);
      return pairedClusterBootstrap({ ...runs, resamples: 399, seed: random.below(1e9) }).p <= 0.05;
    });
    expect(Math.abs(found - 0.8)).toBeLessThan(tolerance(0.8, 500) + 0.02);
  });
});
