import type { Choice, Extractor } from "@mlan/core";
import { plainWords } from "./plain-words.ts";

/**
 * A lenient reading, for comparison: the choice whose label (capital letter, standing alone) or text comes first,
 * wherever that is in the answer. Of several that begin at one place the longest text counts.
 */
export const firstMention: Extractor = {
  name: "first-mention",
  version: 1,
  stop: [],
  extract: (answer, choices) => (choices.length > 0 ? firstOf(answer, choices) : undefined),
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function firstOf(answer: string, choices: readonly Choice[]): string | undefined {
  const words = ` ${plainWords(answer)} `;
  const mentions = choices.flatMap(({ label, text }) => {
    const phrase = plainWords(text);
    const byText = phrase === "" ? -1 : words.indexOf(` ${phrase} `);
    const byLabel = labelPlace(answer, label);
    return [
      ...(byText < 0 ? [] : [{ label, place: byText, length: phrase.length }]),
      ...(byLabel < 0 ? [] : [{ label, place: byLabel, length: 1 }]),
    ];
  });
  const [first] = mentions.toSorted((one, other) => one.place - other.place || other.length - one.length);
  return first?.label;
}

/** In the places of {@link plainWords}; -1 where the label stands nowhere alone. "A" before a word is an article. */
function labelPlace(answer: string, label: string): number {
  const pattern = new RegExp(
    `(?<![\\p{L}\\p{N}])${label}(?![\\p{L}\\p{N}'’])${label === "A" ? "(?!\\s+\\p{Ll})" : ""}`,
    "u",
  );
  const found = pattern.exec(answer);
  return found ? plainWords(answer.slice(0, found.index)).length + (found.index > 0 ? 1 : 0) : -1;
}
