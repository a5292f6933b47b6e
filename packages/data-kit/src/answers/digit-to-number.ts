import { stripAsPython } from "@mlan/core";

/** "0" for "none" and "zero", "1" to "9" for "one" to "nine", in any case; anything else unchanged, "ten" too. */
export function digitToNumber(answer: string): string {
  const word = stripAsPython(answer.toLowerCase());
  if (word === "none") return "0";
  const value = WORDS.indexOf(word);
  return value < 0 ? answer : String(value);
}

const WORDS: readonly string[] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
