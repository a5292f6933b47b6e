import type { Interval } from "@mlan/statistics";
import type { AllowedDifference, ResolvedCompareOptions } from "./compare-options.ts";

export interface Comparison {
  readonly options: ResolvedCompareOptions;
  /** The comparisons, in the order of the first run. */
  readonly benchmarks: readonly BenchmarkComparison[];
  /** Results on benchmarks, or with protocols, that only the first run has. They are not compared. */
  readonly onlyFirst: readonly UncomparedResult[];
  /** Results on benchmarks, or with protocols, that only the second run has. They are not compared. */
  readonly onlySecond: readonly UncomparedResult[];
}

export interface UncomparedResult {
  readonly benchmark: string;
  readonly protocol: string;
  readonly label: string;
}

/** The comparison on one benchmark. Shares are in 0..1. Differences are second minus first. */
export interface BenchmarkComparison {
  readonly benchmark: string;
  /** Number of questions that both runs answered. */
  readonly questions: number;
  /** Number of groups of dependent questions. Equals `questions` if all questions are independent. */
  readonly clusters: number;
  readonly first: ComparedScore;
  readonly second: ComparedScore;
  readonly difference: number;
  /** Interval of the difference, from the paired cluster bootstrap. Absent with a single cluster. */
  readonly interval?: Interval;
  /** Number of questions that only the first run, or only the second run, answered correctly. */
  readonly discordant: { readonly onlyFirst: number; readonly onlySecond: number };
  /**
   * The test of `p`: McNemar's if all questions are independent. With a single cluster there is no test, and `p` is 1.
   */
  readonly test: "exact-mcnemar" | "paired-cluster-bootstrap" | "none";
  readonly p: number;
  /** `p`, adjusted with Holm's method over all benchmarks of the comparison. */
  readonly adjustedP: number;
  /** The p-value of McNemar's exact test, which treats the questions of a cluster as independent. */
  readonly mcnemarIgnoringClusters: number;
  /**
   * The smallest difference that a comparison on this benchmark alone detects with 80% power at significance level 1 -
   * level, given its discordant share and the design effect of its clusters. Absent when no difference would be
   * detected.
   */
  readonly minimumDetectableEffect?: number;
  /** Whether the second run is better or worse, according to `adjustedP` at significance level 1 - level. */
  readonly verdict: Verdict;
  /** The differences between the results. `allow` contained all of them. */
  readonly allowed: readonly FoundDifference[];
  /** Number of answers to questions that the other run lacks. 0 unless questions may differ. */
  readonly leftOut: { readonly first: number; readonly second: number };
}

export type Verdict = "better" | "worse" | "no difference shown";

export interface ComparedScore {
  readonly label: string;
  readonly protocol: string;
  readonly accuracy: number;
  /**
   * Wilson's interval if all questions are independent, otherwise from the cluster bootstrap. Absent with a single
   * cluster.
   */
  readonly interval?: Interval;
}

export interface FoundDifference {
  readonly kind: AllowedDifference;
  /** The value in the first result: a fingerprint or, for a protocol, its name and fingerprint. */
  readonly first: string;
  readonly second: string;
}
