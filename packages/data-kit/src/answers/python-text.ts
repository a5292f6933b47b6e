import { PYTHON_WHITE_SPACE, stripAsPython } from "@mlan/core";

/** The first line that is more than white space, stripped; "" when there is none. */
export function firstLine(text: string): string {
  const stripped = stripAsPython(text);
  const end = stripped.indexOf("\n");
  return end < 0 ? stripped : stripAsPython(stripped.slice(0, end));
}

/** `str.split()`: the words between runs of white space. */
export function splitWords(text: string): string[] {
  return text.split(RUN).filter((word) => word !== "");
}

/** The text without the characters of `string.punctuation` (ASCII only). */
export function withoutPunctuation(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, "");
}

/** The characters of `\w`; marks such as combining accents are none. */
export const WORD_CHARACTERS = "\\p{L}\\p{N}_";

/** `str.capitalize()`: the first character in title case, all others small. */
export function capitalize(text: string): string {
  const [first = ""] = text;
  // Lower-cased as one text: a sigma's form depends on what stands before it.
  return titleCase(first) + text.toLowerCase().slice(first.toLowerCase().length);
}

/** Of one character; JavaScript has large and small letters only. */
function titleCase(character: string): string {
  if (GEORGIAN.test(character)) return character;
  const digraph = character === "" ? undefined : DIGRAPHS.find((forms) => forms.includes(character));
  if (digraph !== undefined) return digraph[1] ?? "";
  const upper = character.toUpperCase();
  if (character === "ŉ") return upper;
  // An iota below stays below: "ᾳ" becomes "ᾼ", not "ΑΙ".
  if (upper.length > 1 && character.normalize("NFD").endsWith("\u0345")) {
    const large = `${upper.slice(0, -1)}\u0345`;
    return upper.length === 2 ? large.normalize("NFC") : large;
  }
  const [head = "", ...more] = upper;
  return head + more.join("").toLowerCase();
}

/** Large forms exist, but no word begins with one alone. */
const GEORGIAN = /[\u10d0-\u10ff]/;
/** Each large, in title case, and small. */
const DIGRAPHS: readonly string[] = ["Ǆǅǆ", "Ǉǈǉ", "Ǌǋǌ", "Ǳǲǳ"];

const RUN = new RegExp(`[${PYTHON_WHITE_SPACE}]+`);
