import type { Choice, Extractor } from "@mlan/core";
import { plainWords } from "./plain-words.ts";
import { strictChoice } from "./strict-choice.ts";

/**
 * A lenient reading, for comparison: what the strict one reads, else the choice whose label (a capital letter, standing
 * alone, or any in parentheses) or text comes first, wherever that is in the answer. Of several that begin at one place the
 * longest counts, and a label before a text.
 */
export const firstMention: Extractor = {
  name: "first-mention",
  version: 2,
  stop: [],
  extract: (answer, choices) =>
    choices.length > 0 ? (strictly(answer, choices) ?? firstOf(answer, choices)) : undefined,
  isCorrect: (extracted, target) => extracted.toLowerCase() === target.toLowerCase(),
};

function strictly(answer: string, choices: readonly Choice[]): string | undefined {
  const ends = strictChoice.stop.map((stop) => answer.indexOf(stop)).filter((end) => end >= 0);
  return strictChoice.extract(answer.slice(0, Math.min(answer.length, ...ends)), choices);
}

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

/** In the places of {@link plainWords}; -1 where the label stands nowhere alone. */
function labelPlace(answer: string, label: string): number {
  const literal = label.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const alone = `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}'’])`;
  const bracketed = `(?<=\\()${literal.toLowerCase()}(?=\\))`;
  for (const { index } of answer.matchAll(new RegExp(`${alone}|${bracketed}`, "gu"))) {
    if (label === "A" && isArticle(answer, index)) continue;
    const before = plainWords(answer.slice(0, index));
    return before === "" ? 0 : before.length + 1;
  }
  return -1;
}

/** Whether the "A" there begins a sentence and a word follows that an article may have. Within one it would be small. */
function isArticle(answer: string, index: number): boolean {
  const [, next] = /^A\s+([\p{Ll}'’]+)/u.exec(answer.slice(index, index + 40)) ?? [];
  if (next === undefined || NOT_OF_ARTICLES.has(next)) return false;
  return /(?:^|[.?!:;\n])["'“‘(\s]*$/u.test(answer.slice(Math.max(0, index - 20), index));
}

/** "A is", "A because", ...: no noun. */
const NOT_OF_ARTICLES = new Set(
  (
    "is isn't was wasn't are aren't be seems seemed looks fits fit matches does doesn't did didn't has hasn't had would could " +
    "should will won't can can't cannot may might must and or but nor not because since as if when then than that which " +
    "who for from to in on at by of with without rather instead only alone also states says shows gives means makes describes"
  ).split(" "),
);
