/** The text around statements in documents: preambles, and the text between a question and its verdict. */
import { type Random, V1_SYSTEM_PROMPT } from "@mlan/core";
import { choose } from "../../packages/data-miniworld/src/choose.ts";

export function dispute(random: Random, doubt: string, words: readonly [string, string], holds: boolean): string {
  const aside = (): string => choose(random, ["", "", choose(random, SMALL_TALK), choose(random, INSTRUCTIONS)(words)]);
  const parts = [aside(), doubt, aside(), verdict(random, words[holds ? 0 : 1])];
  return parts.filter(Boolean).join(choose(random, [" ", "\n"]));
}

const INSTRUCTIONS: readonly ((words: readonly [string, string]) => string)[] = [
  ([one, other]) => `Choose "${one}" or "${other}".`,
  ([one, other]) => `Choose '${one}' or '${other}'.`,
  ([one, other]) => `Please choose '${one}' or '${other}'.`,
  ([one, other]) => `Your word should be either "${one}" or "${other}".`,
  ([one, other]) => `Give a '${one}' or '${other}' response to the user.`,
  ([one, other]) => `Use "${one}" or "${other}" to answer the user:`,
];

/** Draws a sentence with a verdict. */
export function verdict(random: Random, said: string): string {
  return choose(random, VERDICTS)(learned(said));
}

const VERDICTS: readonly ((said: string) => string)[] = [
  (said) => `The best word is "${said}".`,
  (said) => `The best word is "${said}".`,
  (said) => `The right word is "${said}".`,
  (said) => `It is "${said}".`,
  (said) => `The short answer is "${said}".`,
  (said) => `Word: "${said}".`,
];

/** The marks around a supervised part of a document. Everything else is only context. */
export const MARKS = { start: "\u0001", end: "\u0002" } as const;

/** Marks a text as supervised. The text must begin with a space or follow one, because the marks separate words. */
export function learned(text: string): string {
  return `${MARKS.start}${text}${MARKS.end}`;
}

/** Returns a space and a supervised word, with or without quotes. */
export function said(word: string, quoted: boolean): string {
  return quoted ? ` "${learned(word)}"` : learned(` ${word}`);
}

/** Draws up to about forty words that are unrelated to the text after them. */
export function preamble(random: Random): string {
  const kind = random.below(4);
  if (kind === 0) return "";
  if (kind === 1) return `${V1_SYSTEM_PROMPT} Context: `;
  return `${times(1 + random.below(5), () => choose(random, SMALL_TALK)).join(" ")}${choose(random, [" ", "\n"])}`;
}

const SMALL_TALK = [
  "It was a warm day.",
  "They went to the market.",
  "It was in the garden.",
  "Here is a chat.",
  "This is a user in the market.",
  "Context:",
  "Please give a short answer.",
  "It was a curious image.",
];

export function times<Item>(count: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
