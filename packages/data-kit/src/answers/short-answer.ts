import { plainWords } from "./plain-words.ts";
import { firstLine, splitWords } from "./python-text.ts";
import { trueFalse } from "./true-false.ts";

/**
 * What two equal short answers share: the first line in lower case without punctuation, the words "zero" to "ten" as
 * digits, "true" as "yes" and "false" as "no". Empty only where the text is.
 */
export function shortAnswer(text: string): string {
  const line = firstLine(text).toLowerCase();
  const words = splitWords(plainWords(line)).map((word) => NUMBERS.get(word) ?? word);
  return words.length > 0 ? trueFalse(words.join(" ")) : line;
}

const NUMBERS: ReadonlyMap<string, string> = new Map(
  "zero one two three four five six seven eight nine ten".split(" ").map((word, value) => [word, String(value)]),
);
