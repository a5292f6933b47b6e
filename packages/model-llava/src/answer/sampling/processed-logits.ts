import type { Sampling } from "@mlan/core";

/**
 * A copy of `logits` in which those of tokens that occurred are divided by `penalty` where positive and multiplied by it
 * where negative, as `RepetitionPenaltyLogitsProcessor` of transformers does it.
 */
export function penalisedLogits(logits: Float32Array, occurred: Iterable<number>, penalty: number): Float32Array {
  const penalised = logits.slice();
  if (penalty === 1) return penalised;
  for (const token of occurred) {
    const logit = logits[token];
    if (logit !== undefined) penalised[token] = logit < 0 ? logit * penalty : logit / penalty;
  }
  return penalised;
}

/**
 * The probabilities with which tokens are drawn: temperature, `topK`, `topP` and `minP` in the order of transformers'
 * `GenerationMixin._get_logits_processor`. The temperature must be above 0. Changes `logits`, which become the processed
 * ones.
 */
export function samplingProbabilities(
  logits: Float32Array,
  { temperature = 1, topK, topP = 1, minP = 0 }: Sampling,
): Float64Array {
  for (let token = 0; token < logits.length; token++) logits[token] = (logits[token] ?? 0) / temperature;
  if (topK !== undefined) keepTopK(logits, topK);
  if (topP < 1) keepTopP(logits, topP);
  if (minP > 0) keepMinP(logits, minP);
  return softmax(logits);
}

/** In float64. */
function softmax(logits: Float32Array): Float64Array {
  const highest = highestOf(logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The token with the highest logit, of several the first. */
export function likeliestToken(logits: Float32Array): number {
  return logits.indexOf(highestOf(logits));
}

/** Tokens as likely as the last of the `topK` stay too. */
function keepTopK(logits: Float32Array, topK: number): void {
  const least = logits.toSorted()[Math.max(0, logits.length - topK)] ?? -Infinity;
  for (let token = 0; token < logits.length; token++) if ((logits[token] ?? 0) < least) logits[token] = -Infinity;
}

/** Of tokens that are equally likely, those with lower ids stay first; transformers leaves that to chance. */
function keepTopP(logits: Float32Array, topP: number): void {
  const ascending = logits.toSorted();
  const probabilities = softmax(ascending);
  let removed = 0;
  let sum = probabilities[0] ?? 0;
  while (removed < ascending.length - 1 && sum <= 1 - topP) sum += probabilities[++removed] ?? 0;
  const least = ascending[removed] ?? -Infinity;
  let equals = removed - ascending.indexOf(least);
  for (let token = logits.length - 1; token >= 0; token--) {
    const logit = logits[token] ?? 0;
    if (logit < least || (logit === least && equals-- > 0)) logits[token] = -Infinity;
  }
}

function keepMinP(logits: Float32Array, minP: number): void {
  const highest = highestOf(logits);
  for (let token = 0; token < logits.length; token++)
    if (Math.exp((logits[token] ?? 0) - highest) < minP) logits[token] = -Infinity;
}

function highestOf(logits: Float32Array): number {
  return logits.reduce((highest, logit) => Math.max(highest, logit), -Infinity);
}
