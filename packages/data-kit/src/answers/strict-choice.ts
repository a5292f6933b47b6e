import { stripAsPython } from "@mlan/core";
import type { Choice, Extractor } from "@mlan/core";
import { plainWords } from "./plain-words.ts";
import { firstLine } from "./python-text.ts";

/**
 * The `strict` reading of multiple choice: the answer's first line, trimmed, is a label in any case ("b", "(B)", "B."),
 * else the text of exactly one choice, else a label with text behind it ("B: steam"). An answer that merely contains
 * the words of a choice is none.
 */
export const strictChoice: Extractor = {
  name: "strict",
  version: 1,
  // Not the newline: an answer may begin with one. Nor other punctuation: the texts of choices hold it.
  stop: ['"', "User:", "USER:"],
  extract: readChoice,
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function readChoice(answer: string, choices: readonly Choice[]): string | undefined {
  const line = firstLine(answer);
  const byLabel = (label: string | undefined): string | undefined =>
    choices.find((choice) => choice.label.toLowerCase() === label?.toLowerCase())?.label;
  return byLabel(LABEL_ALONE.exec(line)?.[1]) ?? byText(line, choices) ?? byLabel(LABEL_FIRST.exec(line)?.[1]);
}

/** As it stands, else by its words. The text of a choice, too, ends at a quotation mark, as the answer does. */
function byText(line: string, choices: readonly Choice[]): string | undefined {
  const texts = choices.map(({ label, text }) => ({ label, text: stripAsPython(text.split('"', 1)[0] ?? "") }));
  for (const form of [(text: string) => text.toLowerCase(), plainWords]) {
    const said = form(line);
    const equal = texts.filter(({ text }) => form(text) === said);
    if (said !== "" && equal.length > 0) return equal.length === 1 ? equal[0]?.label : undefined;
  }
  return undefined;
}

const LABEL_ALONE = /^\(?([\p{L}\p{N}]+)\)?[.:,;]?$/u;
/** With a mark behind the label: "A cat" begins with an article. */
const LABEL_FIRST = /^\(?([\p{L}\p{N}])[.:)]\s/u;
