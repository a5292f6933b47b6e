import { deriveSeed } from "@mlan/core";
import { verdictOf } from "@mlan/eval-compare";
import { clustersOf, holm, type PairedDifference, pairedClusterBootstraps } from "@mlan/statistics";
import type { ComparedPair, PairedBenchmark } from "./compared-pair.ts";
import { meanDifferencesOf } from "./mean-differences.ts";
import { groupedByClusters } from "./same-clusters.ts";
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
  const found = new Map<PairedBenchmark, PairedDifference>();
  const resampled = all.filter(({ answers }) => clustersOf(answers.clusters).length >= 2);
  for (const benchmark of new Set(resampled.map(({ known }) => known.benchmark))) {
    const own = resampled.filter(({ known }) => known.benchmark === benchmark);
    for (const group of groupedByClusters(own, ({ answers }) => answers.clusters)) {
      const pairs = group.map(({ answers: { base, model } }) => ({ first: base, second: model }));
      const clusters = group[0]?.answers.clusters ?? [];
      const resampling = { level: LEVEL, resamples: RESAMPLES, seed: deriveSeed(0, benchmark) };
      const differences = pairedClusterBootstraps({ pairs, clusters, ...resampling });
      for (const [place, one] of group.entries()) {
        const difference = differences[place];
        if (difference) found.set(one, difference);
      }
    }
  }
  return found;
}
