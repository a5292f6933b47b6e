import { deriveSeed } from "@mlan/core";
import { verdictOf } from "@mlan/eval-compare";
import { clustersOf, holm, type PairedDifference, pairedClusterBootstraps } from "@mlan/statistics";
import type { ComparedPair, PairedAnswers, PairedBenchmark } from "./compared-pair.ts";
import { meanDifferencesOf } from "./mean-differences.ts";
import type { ComparedBenchmark, ComparisonView } from "./view-results.ts";
import type { BenchmarkView } from "./view.ts";

const LEVEL = 0.95;
const RESAMPLES = 10_000;

/** Tests the differences of all pairs. Pairs with the same questions share their resamples. */
export function comparisonsOf(
  pairs: readonly ComparedPair[],
  benchmarks: readonly BenchmarkView[],
): ReadonlyMap<ComparedPair, ComparisonView> {
  const found = differencesOf(pairs.flatMap((pair) => pair.benchmarks));
  return new Map(pairs.map((pair) => [pair, comparisonOf(pair, found, benchmarks)]));
}

function comparisonOf(
  { base, model, benchmarks: paired, notCompared }: ComparedPair,
  found: ReadonlyMap<PairedBenchmark, PairedDifference>,
  asked: readonly BenchmarkView[],
): ComparisonView {
  const tested = paired.map((one) => ({ ...one.known, ...testOf(one, found.get(one)) }));
  const adjusted = holm(tested.map(({ p }) => p));
  const benchmarks = tested.map((one, place): ComparedBenchmark => {
    const adjustedP = adjusted[place] ?? 1;
    return { ...one, adjustedP, verdict: verdictOf(one.difference, adjustedP, 1 - LEVEL) };
  });
  return {
    base: base.model.id,
    model: model.model.id,
    level: LEVEL,
    resamples: RESAMPLES,
    benchmarks,
    means: meanDifferencesOf(benchmarks, asked),
    notCompared,
  };
}

function testOf(
  { known }: PairedBenchmark,
  found: PairedDifference | undefined,
): Pick<ComparedBenchmark, "standardError" | "interval" | "p"> {
  if (!found) return { p: known.test === "exact-mcnemar" ? known.p : 1 };
  const { standardError, interval, p } = found;
  const [low, high] = [Math.max(-1, interval.low), Math.min(1, interval.high)];
  return { standardError, interval: { ...interval, low, high }, p: known.test === "exact-mcnemar" ? known.p : p };
}

/** Resamples the differences on each benchmark. Those with a single cluster are left out. */
function differencesOf(all: readonly PairedBenchmark[]): ReadonlyMap<PairedBenchmark, PairedDifference> {
  const groups: { readonly benchmark: string; readonly clusters: PairedAnswers["clusters"]; all: PairedBenchmark[] }[] =
    [];
  for (const one of all) {
    const { benchmark } = one.known;
    const { clusters } = one.answers;
    if (clustersOf(clusters).length < 2) continue;
    const group = groups.find((same) => same.benchmark === benchmark && areSame(same.clusters, clusters));
    if (group) group.all.push(one);
    else groups.push({ benchmark, clusters, all: [one] });
  }
  const found = new Map<PairedBenchmark, PairedDifference>();
  for (const group of groups) {
    const pairs = group.all.map(({ answers: { base, model } }) => ({ first: base, second: model }));
    const resampling = { level: LEVEL, resamples: RESAMPLES, seed: deriveSeed(0, group.benchmark) };
    const differences = pairedClusterBootstraps({ pairs, clusters: group.clusters, ...resampling });
    for (const [place, one] of group.all.entries()) {
      const difference = differences[place];
      if (difference) found.set(one, difference);
    }
  }
  return found;
}

function areSame(one: PairedAnswers["clusters"], other: PairedAnswers["clusters"]): boolean {
  return one.length === other.length && one.every((cluster, place) => cluster === other[place]);
}
