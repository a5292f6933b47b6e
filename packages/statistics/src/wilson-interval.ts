import { counted, MlanError } from "@mlan/core";
import { checkCount, checkShare } from "./checks.ts";
import type { Interval } from "./interval.ts";
import { normalQuantile } from "./normal-quantile.ts";

export interface WilsonOptions {
  readonly successes: number;
  /** Number of independent trials, at least 1. */
  readonly trials: number;
  /** Confidence level. Default 0.95. */
  readonly level?: number;
}

/**
 * Returns the score interval of a proportion (Wilson 1927; method 3 of Newcombe 1998, Statistics in Medicine 17,
 * 857-872). It stays within 0..1 and has a positive width even with no successes or only successes. Throws
 * `invalid-options`.
 */
export function wilsonInterval({ successes, trials, level = 0.95 }: WilsonOptions): Interval {
  checkCount("trials", trials, 1);
  checkCount("successes", successes);
  checkShare("level", level);
  if (successes > trials) {
    throw new MlanError(
      "invalid-options",
      `statistics: ${counted(successes, "success", "successes")} of ${counted(trials, "trial")}; swap the two.`,
    );
  }
  const z2 = normalQuantile((1 + level) / 2) ** 2;
  const center = (successes + z2 / 2) / (trials + z2);
  const half = Math.sqrt(z2 * ((successes * (trials - successes)) / trials + z2 / 4)) / (trials + z2);
  return {
    low: successes === 0 ? 0 : Math.max(0, center - half),
    high: successes === trials ? 1 : Math.min(1, center + half),
    level,
  };
}
