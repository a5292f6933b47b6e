import { type Choice, MlanError, shownValue } from "@mlan/core";

/** Creates choices A, B, C, ... from texts. Throws `invalid-data` for more than 26 texts. */
export function lettered(texts: readonly string[]): readonly Choice[] {
  return texts.map((text, index) => ({ label: letter(index), text }));
}

/** Returns the label of a choice: index 0 is A, 25 is Z. Throws `invalid-data` for any other index. */
export function letter(index: number): string {
  const label = LETTERS[index];
  if (label !== undefined) return label;
  const message = `there is no letter for choice ${shownValue(index)}; letters name up to 26 choices, numbered from 0.`;
  throw new MlanError("invalid-data", message);
}

/** Returns one line per choice, "A: text", without a newline at the end. */
export function choiceLines(choices: readonly Choice[]): string {
  return choices.map(({ label, text }) => `${label}: ${text}`).join("\n");
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
