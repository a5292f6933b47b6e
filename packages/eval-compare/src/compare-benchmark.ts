import { deriveSeed } from "@mlan/core";
import {
  clusterBootstrapMean,
  clustersOf,
  designEffect,
  exactMcNemar,
  type Interval,
  minimumDetectableEffect,
  pairedClusterBootstrap,
  type ResampleOptions,
  wilsonInterval,
} from "@mlan/statistics";
import { alignAnswers } from "./align-answers.ts";
import type { ResolvedCompareOptions } from "./compare-options.ts";
import type { ComparedResult } from "./compared-result.ts";
import type { BenchmarkComparison, ComparedScore } from "./comparison.ts";
import { foundDifferences } from "./found-differences.ts";
import type { ResultPair } from "./pair-results.ts";

/** All that one benchmark says by itself; p-values are adjusted over the benchmarks later. */
export type SingleComparison = Omit<BenchmarkComparison, "adjustedP" | "verdict">;

/** Throws `invalid-options` when the two results do not compare. */
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
  // The same seed for all three means: they see the same resamples. Its own for each benchmark: others change nothing.
  const resampling = { level, resamples, seed: deriveSeed(options.seed, pair.first.benchmark) };
  const scoreOf = (result: ComparedResult, values: readonly number[]): ComparedScore => {
    const interval = alone ? wilson(values, level) : bootstrap(values, keys, clusters, resampling);
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
    ...(paired && { interval: within(paired.interval, -1) }),
    discordant,
    test: alone ? "exact-mcnemar" : paired ? "paired-cluster-bootstrap" : "none",
    p: alone ? mcnemar : (paired?.p ?? 1),
    mcnemarIgnoringClusters: mcnemar,
    ...(effect !== undefined && { minimumDetectableEffect: effect }),
    allowed,
    leftOut,
  };
}

function wilson(values: readonly number[], level: number): Interval {
  return wilsonInterval({ successes: values.filter((value) => value === 1).length, trials: values.length, level });
}

function bootstrap(
  values: readonly number[],
  keys: readonly (string | undefined)[],
  clusters: number,
  resampling: ResampleOptions,
): Interval | undefined {
  if (clusters < 2) return undefined;
  return within(clusterBootstrapMean({ values, clusters: keys, ...resampling }).interval, 0);
}

/** The part of an interval that is possible: least..1. */
function within({ low, high, level }: Interval, least: number): Interval {
  return { low: Math.max(least, low), high: Math.min(1, high), level };
}

/** Clusters of questions can only cost: a design effect below 1 is taken for chance. */
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
