import { randomInt } from "node:crypto";
import { deriveSeed, type GenerationRequest, type Random, seededRandom } from "@mlan/core";
import { likeliestToken, penalisedLogits, samplingProbabilities } from "./processed-logits.ts";

/** Chooses the tokens of one answer from their logits. */
export interface TokenChooser {
  /** Seed of the random draws; undefined if the likeliest token is always chosen. */
  readonly seed?: number;
  choose(logits: Float32Array): number;
}

/**
 * Returns the chooser of a request; undefined if the request always takes the likeliest token, so that logits need not
 * be read.
 */
export function tokenChooser(request: GenerationRequest, promptTokens: Iterable<number>): TokenChooser | undefined {
  const { sampling, repetitionPenalty = 1 } = request;
  const draws = sampling !== undefined && sampling.temperature !== 0;
  if (!draws && repetitionPenalty === 1) return undefined;
  const occurred = new Set(promptTokens);
  const seed = sampling?.seed ?? randomInt(2 ** 32);
  const random = seededRandom(deriveSeed(seed, "tokens of an answer"));
  return {
    ...(draws && { seed }),
    choose(logits) {
      const penalised = penalisedLogits(logits, occurred, repetitionPenalty);
      const token = draws ? drawn(samplingProbabilities(penalised, sampling), random) : likeliestToken(penalised);
      occurred.add(token);
      return token;
    },
  };
}

/** Draws a token by inverting the cumulative distribution of `probabilities` at a random number. */
export function drawn(probabilities: Float64Array, random: Random): number {
  let left = random.next();
  let last = 0;
  for (let token = 0; token < probabilities.length; token++) {
    const probability = probabilities[token] ?? 0;
    if (probability === 0) continue;
    if (left < probability) return token;
    left -= probability;
    last = token;
  }
  // Rounding can make the probabilities sum to slightly less than 1.
  return last;
}
