import type { Sampling } from "@mlan/core";

/**
 * Returns a copy of `logits` with a repetition penalty, as in transformers' `RepetitionPenaltyLogitsProcessor`. For
 * each token that occurred, a positive logit is divided by `penalty`, and a negative logit is multiplied by it.
 */
export function penalisedLogits(logits: Float32Array, occurred: Iterable<number>, penalty: number): Float32Array {
  const penalised = logits.slice();
  if (penalty === 1) return penalised;
  for (const token of occurred) {
    const logit = logits[token];
    if (logit === undefined) continue;
    const changed = logit < 0 ? logit * penalty : logit / penalty;
    // An infinite logit would give NaN probabilities.
    penalised[token] = Math.max(-HIGHEST_FLOAT, Math.min(changed, HIGHEST_FLOAT));
  }
  return penalised;
}

/** The largest finite float32. */
const HIGHEST_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/**
 * Returns the probability of each token for sampling. Applies temperature (above 0), `topK`, `topP` and `minP` in the
 * order of transformers' `GenerationMixin._get_logits_processor`. Overwrites `logits`.
 */
export function samplingProbabilities(
  logits: Float32Array,
  { temperature = 1, topK, topP = 1, minP = 0 }: Sampling,
): Float64Array {
  if (temperature !== 1) divide(logits, temperature);
  if (topK !== undefined) keepTopK(logits, topK);
  if (topP < 1) keepTopP(logits, topP);
  if (minP > 0) keepMinP(logits, minP);
  return softmax(logits);
}

function divide(logits: Float32Array, temperature: number): void {
  const highest = highestOf(logits);
  // At a very low temperature the highest logit would overflow. Shifting all logits makes it 0.
  const shift = Number.isFinite(Math.fround(highest / temperature)) ? 0 : highest;
  for (let token = 0; token < logits.length; token++) logits[token] = ((logits[token] ?? 0) - shift) / temperature;
}

/** Computes in float64. Plain loops, because this runs over the whole vocabulary for each new token. */
function softmax(logits: Float32Array): Float64Array {
  const highest = highestOf(logits);
  const probabilities = new Float64Array(logits.length);
  let sum = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] ?? 0;
    if (logit === -Infinity) continue;
    const weight = Math.exp(logit - highest);
    probabilities[token] = weight;
    sum += weight;
  }
  for (let token = 0; token < probabilities.length; token++) probabilities[token] = (probabilities[token] ?? 0) / sum;
  return probabilities;
}

/** Returns the token with the highest logit; among equal logits, the lowest id. */
export function likeliestToken(logits: Float32Array): number {
  return logits.indexOf(highestOf(logits));
}

/** Keeps the `topK` likeliest tokens, and all tokens that are as likely as the least likely of the `topK`. */
function keepTopK(logits: Float32Array, topK: number): void {
  const least = nthHighest(logits, topK);
  for (let token = 0; token < logits.length; token++) if ((logits[token] ?? 0) < least) logits[token] = -Infinity;
}

/**
 * Keeps the smallest set of likeliest tokens whose probabilities sum to at least `topP`. Among equally likely tokens,
 * lower ids are kept first; transformers defines no order.
 */
function keepTopP(logits: Float32Array, topP: number): void {
  const probabilities = softmax(logits);
  // All tokens at or below this probability sum to at most 1 - topP, so they are dropped without sorting.
  const surely = (1 - topP) / logits.length;
  const candidates: number[] = [];
  let sum = 0;
  for (let token = 0; token < logits.length; token++) {
    const probability = probabilities[token] ?? 0;
    if (probability > surely) candidates.push(token);
    else sum += probability;
  }
  const ascending = candidates.toSorted((one, other) => (logits[one] ?? 0) - (logits[other] ?? 0) || other - one);
  const kept = new Uint8Array(logits.length);
  kept[likeliestToken(logits)] = 1;
  for (const token of ascending) {
    sum += probabilities[token] ?? 0;
    if (sum > 1 - topP) kept[token] = 1;
  }
  for (let token = 0; token < logits.length; token++) if (kept[token] === 0) logits[token] = -Infinity;
}

function keepMinP(logits: Float32Array, minP: number): void {
  const highest = highestOf(logits);
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] ?? 0;
    if (logit > -Infinity && Math.exp(logit - highest) < minP) logits[token] = -Infinity;
  }
}

/** Returns the lowest of the `count` highest logits; -Infinity if there are at most `count` logits. */
export function nthHighest(logits: Float32Array, count: number): number {
  if (count >= logits.length) return -Infinity;
  if (count > FEW) return logits.toSorted()[logits.length - count] ?? -Infinity;
  // The highest logits so far, ascending.
  const highest = logits.subarray(0, count).toSorted();
  for (let token = count; token < logits.length; token++) {
    const logit = logits[token] ?? 0;
    if (logit <= (highest[0] ?? 0)) continue;
    let place = 0;
    for (; place + 1 < count && logit > (highest[place + 1] ?? 0); place++) highest[place] = highest[place + 1] ?? 0;
    highest[place] = logit;
  }
  return highest[0] ?? -Infinity;
}

/** Up to this count, maintaining a sorted list is faster than sorting all logits. */
const FEW = 256;

export function highestOf(logits: Float32Array): number {
  let highest = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token] ?? 0;
    if (logit > highest) highest = logit;
  }
  return highest;
}
