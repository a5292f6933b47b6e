import { type Choice, PYTHON_WHITE_SPACE, stripAsPython } from "@mlan/core";
import { splitWords, withoutPunctuation, WORD_CHARACTERS } from "./python-text.ts";

/**
 * Where the original language harness ends an answer: at its tasks' own list, and at the text of the end-of-sequence
 * token, which it adds.
 */
export const harnessStop: readonly string[] = ["User:", '"', ":", ".", ",", "</s>"];

/** The answer up to the first character that occurs in `ends`, stripped: the original code's leading regular expressions. */
export function textBefore(answer: string, ends: string): string {
  let end = 0;
  while (end < answer.length && !ends.includes(answer.charAt(end))) end += 1;
  return stripAsPython(answer.slice(0, end));
}

/** "0" for "none" and "zero", "1" to "9" for "one" to "nine", in any case; anything else unchanged, "ten" too. */
export function digitToNumber(answer: string): string {
  const word = stripAsPython(answer.toLowerCase());
  if (word === "none") return "0";
  const value = WORDS.indexOf(word);
  return value < 0 ? answer : String(value);
}

const WORDS: readonly string[] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** "yes" for `true` and "no" for `false` in any case; anything else unchanged, with its white space. */
export function trueFalse(answer: string): string {
  const lower = answer.toLowerCase();
  if (lower === "true") return "yes";
  return lower === "false" ? "no" : answer;
}

/**
 * Whether the original vision tasks take a question for a yes/no one: its published answer contains "yes" or "no", as
 * "snow" and "north" do too.
 */
export function saysYesOrNo(answer: string): boolean {
  return answer.includes("yes") || answer.includes("no");
}

export interface MapByTextOptions {
  /** Compare the answer, too, without ASCII punctuation; choices always are. Default: no. */
  readonly ignorePunctuation?: boolean;
}

/**
 * The label of the first choice whose text the answer is, case aside; any other answer unchanged. The original vision
 * tasks map in this way: a letter is looked for among texts only, so "A" becomes the label of a choice whose text is "A".
 */
export function mapByText(answer: string, choices: readonly Choice[], options: MapByTextOptions = {}): string {
  const text = stripAsPython(answer.toLowerCase());
  const wanted = options.ignorePunctuation ? withoutPunctuation(text) : text;
  return (
    choices.find((choice) => withoutPunctuation(stripAsPython(choice.text.toLowerCase())) === wanted)?.label ?? answer
  );
}

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
