import { PYTHON_WHITE_SPACE, stripAsPython } from "@mlan/core";

/** Returns the first line that is not only whitespace, stripped, or "" if there is none. */
export function firstLine(text: string): string {
  const stripped = stripAsPython(text);
  const end = stripped.indexOf("\n");
  return end < 0 ? stripped : stripAsPython(stripped.slice(0, end));
}

/** Splits a string at whitespace, like `str.split()`. */
export function splitWords(text: string): string[] {
  return text.split(RUN).filter((word) => word !== "");
}

/** Returns the text without the characters of `string.punctuation` (ASCII only). */
export function withoutPunctuation(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, "");
}

/** The characters that `\w` matches in Python, which do not include combining accents. */
export const WORD_CHARACTERS = "\\p{L}\\p{N}_";

/** Capitalizes a string like `str.capitalize()`: the first character in title case, all others in lower case. */
export function capitalize(text: string): string {
  const [first = ""] = text;
  // The whole text is converted at once, because the lower case of a sigma depends on the character before it.
  return titleCase(first) + text.toLowerCase().slice(first.toLowerCase().length);
}

/** Returns the title case of a character. JavaScript has only upper and lower case. */
function titleCase(character: string): string {
  if (GEORGIAN.test(character)) return character;
  const digraph = character === "" ? undefined : DIGRAPHS.find((forms) => forms.includes(character));
  if (digraph !== undefined) return digraph[1] ?? "";
  const upper = character.toUpperCase();
  if (character === "ŉ") return upper;
  // An iota subscript stays a subscript: "ᾳ" becomes "ᾼ", not "ΑΙ".
  if (upper.length > 1 && character.normalize("NFD").endsWith("\u0345")) {
    const large = `${upper.slice(0, -1)}\u0345`;
    return upper.length === 2 ? large.normalize("NFC") : large;
  }
  const [head = "", ...more] = upper;
  return head + more.join("").toLowerCase();
}

/** Georgian has capital letters, but no word has only its first letter capitalized. */
const GEORGIAN = /[\u10d0-\u10ff]/;
/** Each digraph in upper case, title case, and lower case. */
const DIGRAPHS: readonly string[] = ["Ǆǅǆ", "Ǉǈǉ", "Ǌǋǌ", "Ǳǲǳ"];

const RUN = new RegExp(`[${PYTHON_WHITE_SPACE}]+`);
