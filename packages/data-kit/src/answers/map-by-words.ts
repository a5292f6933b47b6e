import type { Choice } from "@mlan/core";
import { splitWords } from "./python-text.ts";

/**
 * The label that the original language harness reads from an answer: the answer itself when it is a label, else the
 * label of the first choice all of whose words occur anywhere in it, else the answer as it is. A choice without a word
 * is never read.
 */
export function mapByWords(answer: string, choices: readonly Choice[]): string {
  if (choices.some(({ label }) => label === answer)) return answer;
  const said = wordsOf(answer);
  const named = choices.find(({ text }) => {
    const words = wordsOf(text);
    return words.size > 0 && [...words].every((word) => said.has(word));
  });
  return named?.label ?? answer;
}

/** In lower case, of Python's word characters (`\w`) only; marks such as combining accents are none. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = splitWords(text).map((word) => word.replace(/[^\p{L}\p{N}_]+/gu, "").toLowerCase());
  return new Set(words.filter((word) => word !== ""));
}
