import type { Interval } from "@mlan/statistics";
import type { AllowedDifference, ResolvedCompareOptions } from "./compare-options.ts";

export interface Comparison {
  /** How the numbers were computed. */
  readonly options: ResolvedCompareOptions;
  /** In the order of the first run. */
  readonly benchmarks: readonly BenchmarkComparison[];
  /** Benchmarks, with their protocol, that only one of the runs has; not compared. */
  readonly onlyFirst: readonly UncomparedResult[];
  readonly onlySecond: readonly UncomparedResult[];
}

export interface UncomparedResult {
  readonly benchmark: string;
  readonly protocol: string;
  readonly label: string;
}

/** Shares lie in 0..1; differences are second minus first. */
export interface BenchmarkComparison {
  readonly benchmark: string;
  /** Questions that both answered. */
  readonly questions: number;
  /** Groups of questions that depend on each other; as many as questions when all stand alone. */
  readonly clusters: number;
  readonly first: ComparedScore;
  readonly second: ComparedScore;
  readonly difference: number;
  /** By the paired cluster bootstrap. None with a single cluster. */
  readonly interval?: Interval;
  /** Questions that exactly one of the two answered rightly. */
  readonly discordant: { readonly onlyFirst: number; readonly onlySecond: number };
  /** Which test `p` is from: McNemar's where all questions stand alone; none with a single cluster, where p is 1. */
  readonly test: "exact-mcnemar" | "paired-cluster-bootstrap" | "none";
  readonly p: number;
  /** By Holm, over all benchmarks of the comparison. */
  readonly adjustedP: number;
  /** The p-value of McNemar's exact test, which counts questions of one cluster as independent. */
  readonly mcnemarIgnoringClusters: number;
  /**
   * The smallest difference that this comparison alone finds with 80 % power at significance 1 - level, from its
   * discordant share and the design effect of its clusters. None when there is no such difference.
   */
  readonly minimumDetectableEffect?: number;
  /** What `adjustedP` says about the second at significance 1 - level. */
  readonly verdict: Verdict;
  /** What differs between the two and was allowed to. */
  readonly allowed: readonly FoundDifference[];
  /** Answers that the other run lacks; above 0 only where questions may differ. */
  readonly leftOut: { readonly first: number; readonly second: number };
}

export type Verdict = "better" | "worse" | "no difference shown";

export interface ComparedScore {
  readonly label: string;
  readonly protocol: string;
  readonly accuracy: number;
  /** By Wilson where all questions stand alone, else by the cluster bootstrap. None with a single cluster. */
  readonly interval?: Interval;
}

export interface FoundDifference {
  readonly kind: AllowedDifference;
  /** What the first has: a fingerprint, and a protocol's name before it. */
  readonly first: string;
  readonly second: string;
}
