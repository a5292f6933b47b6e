import { splitWords } from "./python-text.ts";

/**
 * The text in lower case, its letters and digits only, one space between words: what two equal answers share. The signs
 * that make another number of one stay: "-5" is not "5", and "3.5" not "3 5".
 */
export function plainWords(text: string): string {
  return splitWords(
    // White space first: long runs of it are the usual long answer.
    splitWords(text.toLowerCase())
      .join(" ")
      .replace(/[’'`]/g, "")
      .replace(/−/g, "-")
      .replace(/(?!(?<![\p{L}\p{M}\p{N}])-\p{N}|(?<=\p{N})[.,/:]\p{N})[^\p{L}\p{M}\p{N}]/gu, " "),
  ).join(" ");
}
