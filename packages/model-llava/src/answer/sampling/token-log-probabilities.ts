import type { GeneratedToken, TokenLogProbability } from "@mlan/core";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { highestOf, nthHighest } from "./processed-logits.ts";

/** Returns the log-probabilities of a generated token and of the `count` likeliest tokens at its position. */
export function generatedToken(
  logits: Float32Array,
  token: number,
  count: number,
  textOf: (token: number) => string,
): GeneratedToken {
  const logSum = logSumOfExponentials(logits);
  const described = (id: number): TokenLogProbability => ({
    token: id,
    text: textOf(id),
    logProbability: (logits[id] ?? -Infinity) - logSum,
  });
  return { ...described(token), likeliest: highest(logits, count).map(described) };
}

/** Returns a function that maps a token id to the text that the token adds to an answer. */
export function tokenText({ decode, encode }: Tokenizer): (token: number) => string {
  // Decoded after another token, because a tokenizer may drop the space at the beginning of a text.
  const before = encode("a").slice(-1);
  const start = decode(before).length;
  return (token) => decode([...before, token]).slice(start);
}

/** Returns the `count` tokens with the highest logits in descending order; among equal logits, lower ids first. */
function highest(logits: Float32Array, count: number): readonly number[] {
  if (count === 0) return [];
  const least = nthHighest(logits, count);
  const tokens: number[] = [];
  for (let token = 0; token < logits.length; token++) if ((logits[token] ?? 0) >= least) tokens.push(token);
  return tokens.toSorted((one, other) => (logits[other] ?? 0) - (logits[one] ?? 0)).slice(0, count);
}

function logSumOfExponentials(logits: Float32Array): number {
  const most = highestOf(logits);
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += Math.exp((logits[token] ?? 0) - most);
  return most + Math.log(sum);
}
