import { deriveSeed } from "@mlan/core";
import {
  clustersOf,
  designEffect,
  exactMcNemar,
  type Interval,
  minimumDetectableEffect,
  pairedClusterBootstrap,
  proportionInterval,
} from "@mlan/statistics";
import { alignAnswers } from "./align-answers.ts";
import type { ResolvedCompareOptions } from "./compare-options.ts";
import type { ComparedResult } from "./compared-result.ts";
import type { BenchmarkComparison, ComparedScore } from "./comparison.ts";
import { foundDifferences } from "./found-differences.ts";
import type { ResultPair } from "./pair-results.ts";

/** The comparison on one benchmark, before p-values are adjusted for the number of benchmarks. */
export type SingleComparison = Omit<BenchmarkComparison, "adjustedP" | "verdict">;

/** Compares two results on one benchmark. Throws `invalid-options` when they are not comparable. */
export function compareBenchmark(pair: ResultPair, options: ResolvedCompareOptions): SingleComparison {
  const { level, resamples, allow } = options;
  const allowed = foundDifferences(pair, allow);
  const {
    first,
    second,
    clusters: keys,
    leftOut,
  } = alignAnswers(
    pair,
    allowed.map(({ kind }) => kind),
    allow,
  );
  const questions = first.length;
  const clusters = clustersOf(keys).length;
  const alone = clusters === questions;
  // The three means share a seed, so that they share the resamples. Each benchmark has its own seed, so that other
  // benchmarks do not affect it.
  const resampling = { level, resamples, seed: deriveSeed(options.seed, pair.first.benchmark) };
  const scoreOf = (result: ComparedResult, values: readonly number[]): ComparedScore => {
    const interval = intervalOf({ values, clusters: keys, ...resampling });
    return { label: result.label, protocol: result.protocol, accuracy: mean(values), ...(interval && { interval }) };
  };
  const discordant = {
    onlyFirst: first.filter((value, question) => value > (second[question] ?? 0)).length,
    onlySecond: second.filter((value, question) => value > (first[question] ?? 0)).length,
  };
  const paired = clusters < 2 ? undefined : pairedClusterBootstrap({ first, second, clusters: keys, ...resampling });
  const mcnemar = exactMcNemar(discordant);
  const effect = paired && detectableEffect(first, second, keys, level);
  return {
    benchmark: pair.first.benchmark,
    questions,
    clusters,
    first: scoreOf(pair.first, first),
    second: scoreOf(pair.second, second),
    difference: (discordant.onlySecond - discordant.onlyFirst) / questions,
    ...(paired && { interval: clippedDifference(paired.interval) }),
    discordant,
    test: alone ? "exact-mcnemar" : paired ? "paired-cluster-bootstrap" : "none",
    p: alone ? mcnemar : (paired?.p ?? 1),
    mcnemarIgnoringClusters: mcnemar,
    ...(effect !== undefined && { minimumDetectableEffect: effect }),
    allowed,
    leftOut,
  };
}

function intervalOf(options: Parameters<typeof proportionInterval>[0]): Interval | undefined {
  const found = proportionInterval(options);
  return found && { low: found.low, high: found.high, level: found.level };
}

/** Clips the interval of a difference to -1..1. */
function clippedDifference({ low, high, level }: Interval): Interval {
  return { low: Math.max(-1, low), high: Math.min(1, high), level };
}

/**
 * Returns the smallest detectable difference. A design effect below 1 is due to chance, because clusters cannot reduce
 * the variance, and counts as 1.
 */
function detectableEffect(
  first: readonly number[],
  second: readonly number[],
  clusters: readonly (string | undefined)[],
  level: number,
): number | undefined {
  const differences = second.map((value, question) => value - (first[question] ?? 0));
  return minimumDetectableEffect({
    pairs: differences.length,
    discordantShare: mean(differences.map(Math.abs)),
    designEffect: Math.max(1, designEffect({ values: differences, clusters })),
    significance: 1 - level,
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
