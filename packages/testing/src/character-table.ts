import { type Prompt, promptTexts } from "@mlan/core";

/** Number of ids: one for each letter a-z, one for the space, and one for everything else. */
export const VOCABULARY = 28;

/** Returns the text of a prompt, without a template. */
export function textOf(prompt: Prompt): string {
  return promptTexts(prompt).join(" ");
}

/** Returns one id per character, below {@link VOCABULARY}. */
export function characters(text: string): readonly number[] {
  return [...text.toLowerCase()].map((character) => {
    if (character === " ") return 26;
    const index = character.charCodeAt(0) - 97;
    return index >= 0 && index < 26 ? index : 27;
  });
}

/** Returns the character of an id: a letter, or a space for any other id. */
function letter(id: number): string {
  return id < 26 ? String.fromCharCode(97 + id) : " ";
}

/** Returns the greedy continuation of `prompt` with `count` characters. `logits` is the table, row-major. */
export function continuation(logits: ArrayLike<number>, prompt: string, count: number): string {
  let last = characters(prompt).at(-1) ?? 0;
  let text = "";
  for (let step = 0; step < count; step++) {
    const row = rowOf(logits, last);
    last = row.indexOf(Math.max(...row));
    text += letter(last);
  }
  return text;
}

/** Returns the log-probability of `text` after `prompt`, in nats. */
export function logProbability(logits: ArrayLike<number>, prompt: string, text: string): number {
  let last = characters(prompt).at(-1) ?? 0;
  let sum = 0;
  for (const character of characters(text)) {
    const row = rowOf(logits, last);
    sum += (row[character] ?? 0) - Math.log(row.reduce((total, value) => total + Math.exp(value), 0));
    last = character;
  }
  return sum;
}

/** Returns the difference of the two highest logits for each character of `text` after `prompt`. */
export function margins(logits: ArrayLike<number>, prompt: string, text: string): readonly number[] {
  const written = characters(text);
  return written.map((_, index) => {
    const before = index === 0 ? characters(prompt).at(-1) : written[index - 1];
    const [best = 0, second = 0] = rowOf(logits, before ?? 0).toSorted((one, other) => other - one);
    return best - second;
  });
}

function rowOf(logits: ArrayLike<number>, character: number): readonly number[] {
  return Array.from({ length: VOCABULARY }, (_, next) => logits[character * VOCABULARY + next] ?? 0);
}
