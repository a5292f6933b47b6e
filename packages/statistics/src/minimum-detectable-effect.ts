import { MlanError } from "@mlan/core";
import { checkCount, checkShare } from "./checks.ts";
import { normalQuantile } from "./normal-quantile.ts";

export interface DetectableEffectOptions {
  /** Number of questions that both runs answered. */
  readonly pairs: number;
  /** Share of the pairs in which exactly one run is correct, 0..1. */
  readonly discordantShare: number;
  /** Design effect of the clusters, see `designEffect`. Default 1. */
  readonly designEffect?: number;
  /** Probability of finding the difference. Default 0.8. */
  readonly power?: number;
  /** Two-sided significance level. Default 0.05. */
  readonly significance?: number;
}

/**
 * Returns the smallest difference between two accuracies, 0..1, that a paired comparison of this size detects: the
 * difference d at which z(1 - significance/2) sqrt(s) + z(power) sqrt(s - d^2) = d sqrt(pairs / designEffect), where s
 * is the discordant share (Miettinen 1968, Biometrics 24, 339-352; Connor 1987, Biometrics 43, 207-211). Since d cannot
 * exceed s, s is replaced by d if it is smaller. Undefined if not even a difference of 1 would be detected. Uses the
 * normal approximation; the exact test has slightly less power. Throws `invalid-options`.
 */
export function minimumDetectableEffect(options: DetectableEffectOptions): number | undefined {
  const { pairs, discordantShare, designEffect = 1, power = 0.8, significance = 0.05 } = options;
  checkCount("pairs", pairs);
  checkShare("power", power);
  checkShare("significance", significance);
  if (!(discordantShare >= 0 && discordantShare <= 1)) {
    throw new MlanError(
      "invalid-options",
      `statistics: discordantShare is ${discordantShare}; give a number between 0 and 1.`,
    );
  }
  if (!(designEffect > 0 && designEffect < Infinity)) {
    throw new MlanError("invalid-options", `statistics: designEffect is ${designEffect}; give a positive number.`);
  }
  const independent = pairs / designEffect;
  const significant = normalQuantile(1 - significance / 2);
  const powerful = normalQuantile(power);
  const root = independent + powerful ** 2 - significant ** 2;
  if (root < 0) return undefined;
  // The equation is quadratic in d / sqrt(s); this is its larger solution.
  const scale = (significant * Math.sqrt(independent) + powerful * Math.sqrt(root)) / (independent + powerful ** 2);
  const effect = Math.max(Math.sqrt(discordantShare) * scale, scale ** 2);
  return effect <= 1 ? effect : undefined;
}
