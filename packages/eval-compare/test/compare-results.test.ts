import { deriveSeed } from "@mlan/core";
import { type ComparedResult, compareResults } from "@mlan/eval-compare";
import {
  clusterBootstrapMean,
  exactMcNemar,
  holm,
  minimumDetectableEffect,
  pairedClusterBootstrap,
  wilsonInterval,
} from "@mlan/statistics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawn, result, table } from "./two-runs.ts";

const second = { label: "run-b: tuned" };
const keysOf = ({ answers }: ComparedResult) => answers.map(({ cluster }) => cluster);

describe("one benchmark, questions independent", () => {
  // Agresti 2013, Categorical Data Analysis, section 11.1: approval of a prime minister in two surveys of 1600 people.
  const approval = table(794, 150, 86, 570);
  const comparison = compareResults([result(approval.first)], [result(approval.second, second)]);
  const [boolq] = comparison.benchmarks;

  test("has accuracies with Wilson's intervals", () => {
    expect(boolq).toMatchObject({ benchmark: "boolq", questions: 1600, clusters: 1600 });
    expect(boolq?.first).toEqual({
      label: "run-a: base",
      protocol: "strict",
      accuracy: 944 / 1600,
      interval: wilsonInterval({ successes: 944, trials: 1600 }),
    });
    expect(boolq?.second).toEqual({
      label: "run-b: tuned",
      protocol: "strict",
      accuracy: 880 / 1600,
      interval: wilsonInterval({ successes: 880, trials: 1600 }),
    });
  });

  test("has the difference, second minus first, with an interval close to Agresti's", () => {
    expect(boolq?.difference).toBeCloseTo(-0.04, 12);
    expect(Math.abs(boolq!.interval!.low - (-0.04 - 1.96 * 0.0095))).toBeLessThan(0.001);
    expect(Math.abs(boolq!.interval!.high - (-0.04 + 1.96 * 0.0095))).toBeLessThan(0.001);
  });

  test("is tested by McNemar, adjusted by nothing else, and found worse", () => {
    expect(boolq).toMatchObject({
      discordant: { onlyFirst: 150, onlySecond: 86 },
      test: "exact-mcnemar",
      verdict: "worse",
    });
    expect(boolq?.p.toExponential(3)).toBe("3.716e-5");
    expect(boolq?.adjustedP).toBe(boolq?.p);
    expect(boolq?.mcnemarIgnoringClusters).toBe(boolq?.p);
  });

  test("has the difference that it could have detected", () => {
    expect(boolq?.minimumDetectableEffect).toBe(
      minimumDetectableEffect({ pairs: 1600, discordantShare: 236 / 1600, significance: 1 - 0.95 }),
    );
  });

  test("says how it was computed, and that nothing was allowed or left out", () => {
    expect(comparison.options).toEqual({ level: 0.95, resamples: 10_000, seed: 0, allow: [] });
    expect(boolq).toMatchObject({ allowed: [], leftOut: { first: 0, second: 0 } });
    expect(comparison).toMatchObject({ onlyFirst: [], onlySecond: [] });
  });
});

describe("one benchmark, questions in clusters", () => {
  const first = result(drawn(900, 0.5, 1), { perCluster: 18 });
  const gained = first.answers.map(({ correct }, index) => (Math.floor(index / 18) % 5 === 0 ? 1 : Number(correct)));
  const other = result(gained, { ...second, perCluster: 18 });
  const [pope] = compareResults([first], [other], { resamples: 999, seed: 7 }).benchmarks;
  const values = first.answers.map(({ correct }) => Number(correct));
  const resampling = { clusters: keysOf(first), resamples: 999, seed: deriveSeed(7, "boolq"), level: 0.95 };

  test("has intervals over resampled clusters", () => {
    expect(pope).toMatchObject({ questions: 900, clusters: 50 });
    expect(pope?.first.interval).toEqual(clusterBootstrapMean({ values, ...resampling }).interval);
    expect(pope?.second.interval).toEqual(clusterBootstrapMean({ values: gained, ...resampling }).interval);
  });

  test("is tested by the paired cluster bootstrap, with McNemar beside it", () => {
    const paired = pairedClusterBootstrap({ first: values, second: gained, ...resampling });
    expect(pope).toMatchObject({ test: "paired-cluster-bootstrap", p: paired.p, interval: paired.interval });
    expect(pope?.mcnemarIgnoringClusters).toBe(exactMcNemar(pope!.discordant));
    expect(pope?.mcnemarIgnoringClusters).toBeLessThan(paired.p);
    expect(pope?.verdict).toBe("better");
  });

  test("finds less than the same number of independent questions would", () => {
    const alone = compareResults([result(values)], [result(gained, second)], { resamples: 100 }).benchmarks[0];
    expect(pope?.minimumDetectableEffect).toBeGreaterThan(1.5 * alone!.minimumDetectableEffect!);
  });

  test("keeps intervals within what is possible", () => {
    const values = Array.from({ length: 60 }, (_, index) => (index < 12 && index % 3 === 0 ? 0 : 1)); // 4 of 20 clusters
    const almost = result(values, { perCluster: 3 });
    const hardly = result(
      values.map((value) => 1 - value),
      { ...second, perCluster: 3 },
    );
    const unbounded = clusterBootstrapMean({ values, clusters: keysOf(almost) }).interval;
    expect(unbounded.high).toBeGreaterThan(1);
    const [one] = compareResults([almost], [hardly]).benchmarks;
    expect(one?.first.interval?.high).toBe(1);
    expect(one?.second.interval?.low).toBe(0);
    expect(one?.interval?.low).toBe(-1);
    expect(compareResults([hardly], [almost]).benchmarks[0]?.interval?.high).toBe(1);
  });

  test("tests nothing with a single cluster", () => {
    const [one] = compareResults(
      [result([0, 0, 0, 0, 0, 0, 0, 0], { perCluster: 8 })],
      [result([1, 1, 1, 1, 1, 1, 1, 1], { ...second, perCluster: 8 })],
    ).benchmarks;
    expect(one).toMatchObject({ test: "none", p: 1, clusters: 1, verdict: "no difference shown" });
    expect(one).not.toHaveProperty("interval");
    expect(one?.first).not.toHaveProperty("interval");
    expect(one).not.toHaveProperty("minimumDetectableEffect");
  });

  test("takes the clusters of the result that has them", () => {
    const [one] = compareResults([result(values)], [other], { resamples: 100 }).benchmarks;
    expect(one).toMatchObject({ clusters: 50, test: "paired-cluster-bootstrap" });
  });
});

describe("several benchmarks", () => {
  const names = ["race", "boolq", "pope", "gqa"];
  const tables = [table(50, 8, 22, 20), table(50, 9, 21, 20), table(50, 4, 21, 25), table(50, 15, 15, 20)];
  const first = names.map((benchmark, place) => result(tables[place]!.first, { benchmark }));
  const other = names.map((benchmark, place) => result(tables[place]!.second, { ...second, benchmark })).toReversed();
  const { benchmarks } = compareResults(first, other, { resamples: 100 });

  test("come in the order of the first run, each with its own", () => {
    expect(benchmarks.map(({ benchmark }) => benchmark)).toEqual(names);
    expect(benchmarks.map(({ discordant }) => discordant.onlySecond)).toEqual([22, 21, 21, 15]);
  });

  test("have verdicts by p-values that Holm adjusted over all of them", () => {
    const p = benchmarks.map((one) => one.p);
    expect(p.map((value) => value <= 0.05)).toEqual([true, true, true, false]);
    expect(benchmarks.map(({ adjustedP }) => adjustedP)).toEqual(holm(p));
    expect(benchmarks.map(({ verdict }) => verdict)).toEqual([
      "better",
      "no difference shown",
      "better",
      "no difference shown",
    ]);
  });

  test("do not change each other's intervals", () => {
    const [, alone] = compareResults(first.slice(0, 2), other, { resamples: 100 }).benchmarks;
    expect(alone?.interval).toEqual(benchmarks[1]?.interval);
  });

  test("are listed when only one run has them, not compared", () => {
    const found = compareResults(first.slice(1), other.slice(1), { resamples: 100 });
    expect(found.benchmarks.map(({ benchmark }) => benchmark)).toEqual(["boolq", "pope"]);
    expect(found.onlyFirst).toEqual([{ benchmark: "gqa", protocol: "strict", label: "run-a: base" }]);
    expect(found.onlySecond).toEqual([{ benchmark: "race", protocol: "strict", label: "run-b: tuned" }]);
  });

  test("of two protocols are compared each with its own", () => {
    const fingerprints = { questions: "questions-1", prompts: "prompts-2", protocol: "protocol-2" };
    const paper = result(tables[0]!.first, { benchmark: "race", protocol: "paper", fingerprints });
    const found = compareResults([paper, first[0]!], [other[3]!, { ...paper, label: "b" }], { resamples: 100 });
    expect(found.benchmarks.map((one) => [one.first.protocol, one.second.protocol])).toEqual([
      ["paper", "paper"],
      ["strict", "strict"],
    ]);
    const one = compareResults([paper, first[0]!], [other[3]!], { resamples: 100 });
    expect(one.benchmarks).toHaveLength(1);
    expect(one.onlyFirst).toEqual([{ benchmark: "race", protocol: "paper", label: "run-a: base" }]);
  });
});

describe("any two runs", () => {
  const runs = fc.integer({ min: 1, max: 30 }).chain((length) =>
    fc.record({
      one: fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length }),
      other: fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length }),
      perCluster: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    }),
  );

  test("compared the other way round give the opposite", () => {
    const opposite = { better: "worse", worse: "better", "no difference shown": "no difference shown" };
    fc.assert(
      fc.property(runs, ({ one, other, perCluster }) => {
        const clustered = perCluster === undefined ? {} : { perCluster };
        const [a, b] = [result(one, clustered), result(other, { ...second, ...clustered })];
        const [there] = compareResults([a], [b], { resamples: 100 }).benchmarks;
        const [back] = compareResults([b], [a], { resamples: 100 }).benchmarks;
        expect(back?.p).toBe(there?.p);
        expect(back?.verdict).toBe(opposite[there!.verdict]);
        expect(back!.difference + there!.difference).toBe(0);
        expect(back?.first).toEqual(there?.second);
      }),
      { numRuns: 60 },
    );
  });

  test("do not depend on the order of the second's answers", () => {
    fc.assert(
      fc.property(runs, ({ one, other, perCluster }) => {
        const clustered = perCluster === undefined ? {} : { perCluster };
        const [a, b] = [result(one, clustered), result(other, { ...second, ...clustered })];
        const turned = { ...b, answers: b.answers.toReversed() };
        expect(compareResults([a], [turned], { resamples: 100 })).toEqual(compareResults([a], [b], { resamples: 100 }));
      }),
      { numRuns: 40 },
    );
  });
});
