import { randomNumbers } from "../checkpoint/weights.ts";

/** Pieces in the order of their ids, which follow special tokens and bytes. Merges are in the order of their ranks. */
export interface InventedPieces {
  readonly pieces: readonly string[];
  readonly merges: readonly string[];
}

const CHARACTERS = ["▁", ...Array.from({ length: 94 }, (_, index) => String.fromCodePoint(33 + index))];
/** Words of the prompts, at the beginning of a text or line and inside it. */
const FRAME = (
  "▁User ▁Context ▁Question ▁Choose ▁the ▁best ▁option ▁from ▁choices ▁provided ▁to ▁complete ▁sentence ▁The ▁answer " +
  "▁is ▁Please ▁question ▁with ▁or ▁yes ▁no Question Choose Please Assistant yes no"
).split(" ");
const ENDINGS = ["er", "ed", "es", "ly", "on", "al"];

/**
 * Returns byte-pair merges for `size` pieces: invented words, built letter by letter so that each of their prefixes is
 * a piece too, and endings that apply to the rest of a word.
 */
export function inventedPieces(size: number): InventedPieces {
  const random = randomNumbers(32);
  const pieces = new Set<string>(CHARACTERS);
  const merges: string[] = [];
  const grow = (word: string): void => {
    for (let end = 2; end <= word.length && pieces.size < size - ENDINGS.length; end++) {
      const piece = word.slice(0, end);
      if (pieces.has(piece)) continue;
      pieces.add(piece);
      merges.push(`${word.slice(0, end - 1)} ${word.slice(end - 1, end)}`);
    }
  };
  for (const word of FRAME) grow(word);
  while (pieces.size < size - ENDINGS.length) grow(inventedWord(random));
  for (const ending of ENDINGS) {
    pieces.add(ending);
    merges.push([...ending].join(" "));
  }
  return { pieces: [...pieces], merges };
}

function inventedWord(random: () => number): string {
  const letter = (letters: string): string => letters[Math.floor(random() * letters.length)] ?? "";
  const syllables = 1 + Math.floor(random() * 3);
  const syllable = (): string =>
    letter("bcdfghklmnprstvwz") + letter("aeiou") + (random() < 0.4 ? letter("nrstl") : "");
  return `▁${Array.from({ length: syllables }, syllable).join("")}`;
}
