import { type Choice, PYTHON_WHITE_SPACE, stripAsPython } from "@mlan/core";
import { splitWords, withoutPunctuation, WORD_CHARACTERS } from "./python-text.ts";

/**
 * The stop strings of the original language harness: those that its tasks list, and the end-of-sequence token, which
 * the harness adds.
 */
export const harnessStop: readonly string[] = ["User:", '"', ":", ".", ",", "</s>"];

/** Returns the answer up to the first character that occurs in `ends`, without whitespace at both ends. */
export function textBefore(answer: string, ends: string): string {
  let end = 0;
  while (end < answer.length && !ends.includes(answer.charAt(end))) end += 1;
  return stripAsPython(answer.slice(0, end));
}

/**
 * Returns "0" for "none" and "zero", and "1" to "9" for "one" to "nine", in any letter case. Returns any other answer
 * unchanged, even "ten".
 */
export function digitToNumber(answer: string): string {
  const word = stripAsPython(answer.toLowerCase());
  if (word === "none") return "0";
  const value = WORDS.indexOf(word);
  return value < 0 ? answer : String(value);
}

const WORDS: readonly string[] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/**
 * Returns "yes" for "true" and "no" for "false", in any letter case. Returns any other answer unchanged, including its
 * whitespace.
 */
export function trueFalse(answer: string): string {
  const lower = answer.toLowerCase();
  if (lower === "true") return "yes";
  return lower === "false" ? "no" : answer;
}

/**
 * Whether the original vision tasks treat a question with this target as a yes/no question: the target contains "yes"
 * or "no", as "snow" and "north" also do.
 */
export function saysYesOrNo(answer: string): boolean {
  return answer.includes("yes") || answer.includes("no");
}

export interface MapByTextOptions {
  /** Whether to compare the answer without ASCII punctuation. Choices are always compared without it. Default false. */
  readonly ignorePunctuation?: boolean;
}

/**
 * Returns the label of the first choice whose text equals the answer, ignoring case. Returns any other answer
 * unchanged. Labels are not compared, as in the original vision tasks: the answer "A" becomes the label of a choice
 * whose text is "A".
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
   * Whether to clean the answer twice but the choices once, as the original HellaSwag task does. An answer with "İ"
   * then differs from a choice with "İ": cleaning replaces "İ" by "i" with a combining dot, and cleaning again removes
   * the dot. Default false.
   */
  readonly cleanTwice?: boolean;
}

/**
 * Returns the label that the original language harness reads from an answer: the answer itself if it is a label,
 * otherwise the label of the first choice whose words all occur in the answer, in any order. Returns any other answer
 * unchanged. A choice without words never matches.
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

/** Returns the text in lower case, reduced to Python's word characters and whitespace. */
function cleaned(text: string): string {
  return text.replace(UNCLEAN, "").toLowerCase();
}

const UNCLEAN = new RegExp(`[^${WORD_CHARACTERS}${PYTHON_WHITE_SPACE}]+`, "gu");
