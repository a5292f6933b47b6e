import type { Choice } from "@mlan/core";

/** The texts as choices A, B, C, ... */
export function lettered(texts: readonly string[]): readonly Choice[] {
  return texts.map((text, index) => ({ label: letter(index), text }));
}

/** The label of a choice: 0 is A, 25 is Z. Throws a RangeError outside of that. */
export function letter(index: number): string {
  const label = LETTERS[index];
  if (label !== undefined) return label;
  throw new RangeError(`data-kit: there is no letter for choice ${index}; choices are numbered 0 to 25.`);
}

/** A line per choice, "A: text", without a newline at the end. */
export function choiceLines(choices: readonly Choice[]): string {
  return choices.map(({ label, text }) => `${label}: ${text}`).join("\n");
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
