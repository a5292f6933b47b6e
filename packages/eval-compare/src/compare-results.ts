import { holm } from "@mlan/statistics";
import { compareBenchmark, type SingleComparison } from "./compare-benchmark.ts";
import { type CompareOptions, resolveOptions } from "./compare-options.ts";
import type { ComparedResult } from "./compared-result.ts";
import type { BenchmarkComparison, Comparison, Verdict } from "./comparison.ts";
import { pairResults } from "./pair-results.ts";

/**
 * Compares two runs question by question on every benchmark that both have. Differences are second minus first.
 *
 * Throws `invalid-options` with the benchmark, both values and the remedy: when questions, prompts or protocol differ
 * and `allow` does not contain the difference, when ids or targets do not match, when a run has two results of one
 * benchmark and protocol, and when the runs have no benchmark in common.
 */
export function compareResults(
  first: readonly ComparedResult[],
  second: readonly ComparedResult[],
  options: CompareOptions = {},
): Comparison {
  const resolved = resolveOptions(options);
  const { pairs, onlyFirst, onlySecond } = pairResults(first, second);
  const compared = pairs.map((pair) => compareBenchmark(pair, resolved));
  const adjusted = holm(compared.map(({ p }) => p));
  return {
    options: resolved,
    benchmarks: compared.map((one, place) => withVerdict(one, adjusted[place] ?? 1, 1 - resolved.level)),
    onlyFirst,
    onlySecond,
  };
}

function withVerdict(one: SingleComparison, adjustedP: number, significance: number): BenchmarkComparison {
  return { ...one, adjustedP, verdict: verdictOf(one.difference, adjustedP, significance) };
}

/** Returns the verdict on a difference (second minus first), given its adjusted p-value and the significance level. */
export function verdictOf(difference: number, adjustedP: number, significance: number): Verdict {
  if (adjustedP > significance || difference === 0) return "no difference shown";
  return difference > 0 ? "better" : "worse";
}
