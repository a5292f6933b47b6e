import type { Choice, Extractor } from "@mlan/core";
import { plainWords } from "./plain-words.ts";

/**
 * A lenient reading, for comparison: the choice whose label (capital letter, standing alone) or text comes first,
 * wherever that is in the answer. Of several that begin at one place the longest counts, and a label before a text.
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
  const byLabel = choices.map(({ label }) => ({ label, place: labelPlace(answer, label), length: 1 }));
  const byText = choices.map(({ label, text }) => {
    const phrase = plainWords(text);
    return { label, place: phrase === "" ? -1 : words.indexOf(` ${phrase} `), length: phrase.length };
  });
  const mentions = [...byLabel, ...byText].filter(({ place }) => place >= 0);
  const [first] = mentions.toSorted((one, other) => one.place - other.place || other.length - one.length);
  return first?.label;
}

/** In the places of {@link plainWords}; -1 where the label stands nowhere alone. "A" before a word is an article. */
function labelPlace(answer: string, label: string): number {
  const article = label === "A" ? "(?!\\s+\\p{Ll})" : "";
  const literal = label.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const found = new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}'’])${article}`, "u").exec(answer);
  if (found === null) return -1;
  const before = plainWords(answer.slice(0, found.index));
  return before === "" ? 0 : before.length + 1;
}
