import { PYTHON_WHITE_SPACE } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { splitWords, WORD_CHARACTERS } from "./python-text.ts";

export interface MapByWordsOptions {
  /**
   * Clean the answer twice, as the task of HellaSwag does: "İ" is first "i" with a dot above, then "i", which no choice
   * with "İ" holds. Default: once.
   */
  readonly cleanTwice?: boolean;
}

/**
 * The label that the original language harness reads from an answer: the answer itself when it is a label, else the
 * label of the first choice all of whose words occur anywhere in it, else the answer as it is. A choice without a word
 * is never read.
 */
export function mapByWords(answer: string, choices: readonly Choice[], options: MapByWordsOptions = {}): string {
  if (choices.some(({ label }) => label === answer)) return answer;
  const said = wordsOf(options.cleanTwice ? cleaned(answer) : answer);
  const named = choices.find(({ text }) => {
    const words = wordsOf(text);
    return words.size > 0 && [...words].every((word) => said.has(word));
  });
  return named?.label ?? answer;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(splitWords(cleaned(text)));
}

/** In lower case, of Python's word characters and white space only. */
function cleaned(text: string): string {
  return text.replace(UNCLEAN, "").toLowerCase();
}

const UNCLEAN = new RegExp(`[^${WORD_CHARACTERS}${PYTHON_WHITE_SPACE}]+`, "gu");
