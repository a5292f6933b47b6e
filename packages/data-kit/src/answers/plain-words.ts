import { splitWords } from "./python-text.ts";

/** The text in lower case, its letters and digits only, one space between words: what two equal answers share. */
export function plainWords(text: string): string {
  return splitWords(
    text
      .toLowerCase()
      .replace(/[’'`]/g, "")
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, " "),
  ).join(" ");
}
