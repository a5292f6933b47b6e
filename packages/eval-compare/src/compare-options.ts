import { checkOptions } from "@mlan/core";
import { z } from "zod";

/** What two results may be allowed to differ in. */
export type AllowedDifference = "questions" | "prompts" | "protocol";

export interface CompareOptions {
  /** Of all intervals; tests are at significance 1 - level. Default 0.95. */
  readonly level?: number;
  /** Of the bootstrap. Default 10,000. */
  readonly resamples?: number;
  /** Of the bootstrap. Default 0. */
  readonly seed?: number;
  /** Differences that are wanted, e.g. `["prompts"]` for an untuned base and a tuned model. Default: none. */
  readonly allow?: readonly AllowedDifference[];
}

export type ResolvedCompareOptions = Required<CompareOptions>;

const optionsSchema = z.strictObject({
  level: z.number().gt(0).lt(1).default(0.95),
  resamples: z.int().min(100).default(10_000),
  seed: z.int().nonnegative().default(0),
  allow: z.array(z.enum(["questions", "prompts", "protocol"])).default([]),
});

/** Fills in the defaults; throws `invalid-options` for options that do not exist or cannot be. */
export function resolveOptions(options: CompareOptions): ResolvedCompareOptions {
  return checkOptions("eval-compare", optionsSchema, options);
}
