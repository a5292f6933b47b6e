import { MlanError } from "@mlan/core";
import type { ComparedResult } from "./compared-result.ts";
import type { UncomparedResult } from "./comparison.ts";

export interface PairedResults {
  /** The pairs in the order of the first run. At least one. */
  readonly pairs: readonly ResultPair[];
  readonly onlyFirst: readonly UncomparedResult[];
  readonly onlySecond: readonly UncomparedResult[];
}

export interface ResultPair {
  readonly first: ComparedResult;
  readonly second: ComparedResult;
}

/**
 * Pairs the results of both runs by benchmark and protocol. If each run has one result on a benchmark, with different
 * protocols, these results are a pair too, so that the difference is reported. Throws `invalid-options` when a run has
 * two results of one benchmark and protocol, or when the runs have no benchmark in common.
 */
export function pairResults(first: readonly ComparedResult[], second: readonly ComparedResult[]): PairedResults {
  checkDistinct("first", first);
  checkDistinct("second", second);
  const pairs = first.flatMap((one) => {
    const partner = partnerOf(one, first, second);
    return partner ? [{ first: one, second: partner }] : [];
  });
  if (pairs.length === 0) {
    throw new MlanError(
      "invalid-options",
      `eval-compare: the runs have no benchmark in common. The first has ${namesOf(first)}; the second has ` +
        `${namesOf(second)}. Evaluate a common benchmark with the same protocol in both.`,
    );
  }
  return {
    pairs,
    onlyFirst: first.filter((one) => pairs.every((pair) => pair.first !== one)).map(summary),
    onlySecond: second.filter((one) => pairs.every((pair) => pair.second !== one)).map(summary),
  };
}

function partnerOf(
  one: ComparedResult,
  first: readonly ComparedResult[],
  second: readonly ComparedResult[],
): ComparedResult | undefined {
  const ofBenchmark = second.filter(({ benchmark }) => benchmark === one.benchmark);
  const ofProtocol = ofBenchmark.find(({ protocol }) => protocol === one.protocol);
  if (ofProtocol) return ofProtocol;
  const alone = first.filter(({ benchmark }) => benchmark === one.benchmark).length === 1;
  return alone && ofBenchmark.length === 1 ? ofBenchmark[0] : undefined;
}

function checkDistinct(run: string, results: readonly ComparedResult[]): void {
  const labels = new Map<string, string>();
  for (const { benchmark, protocol, label } of results) {
    const key = JSON.stringify([benchmark, protocol]);
    const other = labels.get(key);
    if (other !== undefined) {
      throw new MlanError(
        "invalid-options",
        `eval-compare: the ${run} run has two results of ${benchmark} (${protocol}): ${other}, and ${label}. ` +
          "Pass only one of them, e.g. the result of one stage.",
      );
    }
    labels.set(key, label);
  }
}

function namesOf(results: readonly ComparedResult[]): string {
  if (results.length === 0) return "no results at all";
  return results.map(({ benchmark, protocol }) => `${benchmark} (${protocol})`).join(", ");
}

function summary({ benchmark, protocol, label }: ComparedResult): UncomparedResult {
  return { benchmark, protocol, label };
}
