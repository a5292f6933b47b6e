/*
 * The original code is Python, and its notion of white space is not JavaScript's: U+001C to U+001F and U+0085 count,
 * U+FEFF does not. Scores depend on it.
 */

/** `str.strip()`. */
export function strip(text: string): string {
  return text.replace(LEADING, "").replace(TRAILING, "");
}

/** `str.split()`: the words between runs of white space. */
export function splitWords(text: string): string[] {
  return text.split(RUN).filter((word) => word !== "");
}

/** The text without the characters of `string.punctuation` (ASCII only). */
export function withoutPunctuation(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, "");
}

/**
 * `str.capitalize()`: the first character large, all others small. Letters with a title case of their own (ǅ, ᾼ) aside.
 */
export function capitalize(text: string): string {
  const [first = ""] = text;
  const [head = "", ...more] = first.toUpperCase();
  // Lower-cased as one text: a sigma's form depends on what stands before it.
  return head + more.join("").toLowerCase() + text.toLowerCase().slice(first.toLowerCase().length);
}

/** The inside of a character class that is `\s`, for regular expressions. */
export const WHITE_SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${WHITE_SPACE}]+`);
/** The look-behind lets an attempt start only at the head of a run, which keeps it linear. */
const TRAILING = new RegExp(`(?<![${WHITE_SPACE}])[${WHITE_SPACE}]+$`);
const RUN = new RegExp(`[${WHITE_SPACE}]+`);
