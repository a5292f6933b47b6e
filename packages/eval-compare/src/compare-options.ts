import { checkOptions } from "@mlan/core";
import { z } from "zod";

/** A difference between two results that can be allowed. */
export type AllowedDifference = "questions" | "prompts" | "protocol";

export interface CompareOptions {
  /** Confidence level of all intervals. Tests use the significance level 1 - level. Default 0.95. */
  readonly level?: number;
  /** Number of bootstrap resamples. Default 10,000. */
  readonly resamples?: number;
  /** Seed of the bootstrap. Default 0. */
  readonly seed?: number;
  /** Differences to allow, e.g. `["prompts"]` for an untuned base model and a tuned model. Default: none. */
  readonly allow?: readonly AllowedDifference[];
}

export type ResolvedCompareOptions = Required<CompareOptions>;

const optionsSchema = z.strictObject({
  level: z.number().gt(0).lt(1).default(0.95),
  resamples: z.int().min(100).default(10_000),
  seed: z.int().nonnegative().default(0),
  allow: z.array(z.enum(["questions", "prompts", "protocol"])).default([]),
});

/** Adds the defaults. Throws `invalid-options` for options that are unknown or invalid. */
export function resolveOptions(options: CompareOptions): ResolvedCompareOptions {
  return checkOptions("eval-compare", optionsSchema, options);
}
