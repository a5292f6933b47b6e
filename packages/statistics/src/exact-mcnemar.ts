import { MlanError } from "@mlan/core";
import { binomialDistribution } from "simple-statistics";
import { checkCount } from "./checks.ts";

export interface McNemarOptions {
  /**
   * Number of pairs in which only the first item is a success, e.g. questions that only the first run answered
   * correctly.
   */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /**
   * Whether to count only half of the probability of the observed split (mid-p). The false positive rate is then closer
   * to the nominal rate, but may slightly exceed it (Fagerland, Lydersen and Laake 2013, BMC Medical Research
   * Methodology 13:91). Default false.
   */
  readonly midP?: boolean;
}

/**
 * Returns the two-sided exact p-value of McNemar's test: the probability that discordant pairs split at least as
 * unevenly as observed if each is equally likely to fall on either side. Returns 1 without discordant pairs. The pairs
 * must be independent. Throws `invalid-options`.
 */
export function exactMcNemar({ onlyFirst, onlySecond, midP = false }: McNemarOptions): number {
  checkCount("onlyFirst", onlyFirst);
  checkCount("onlySecond", onlySecond);
  const discordant = onlyFirst + onlySecond;
  if (discordant === 0) return 1;
  const fewer = Math.min(onlyFirst, onlySecond);
  // The distribution is cut where its upper tail is negligible. Only its lower half is read, which is always complete.
  const probabilities = binomialDistribution(discordant, 0.5);
  if (!probabilities) {
    throw new MlanError(
      "invalid-options",
      `statistics: there are ${discordant} discordant pairs; the exact test supports at most 1,000,000.`,
    );
  }
  const tail = probabilities.slice(0, fewer + 1).reduce((sum, probability) => sum + probability, 0);
  return Math.min(1, 2 * tail - (midP ? (probabilities[fewer] ?? 0) : 0));
}
