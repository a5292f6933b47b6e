import { randomNumbers } from "../checkpoint/weights.ts";

/** Words that are a single piece of a tokenizer, and endings that turn a word into two pieces. */
export interface Lexicon {
  readonly words: readonly string[];
  readonly endings: readonly string[];
}

/** Returns the lexicon of a Llama tokenizer's pieces. */
export function lexiconOf(pieces: readonly string[]): Lexicon {
  return {
    words: pieces.filter((piece) => /^▁[a-z]{3,}$/.test(piece)).map((piece) => piece.slice(1)),
    endings: pieces.filter((piece) => /^[a-z]{2,3}$/.test(piece)),
  };
}

/** Invented text whose words are as frequent, and as often two pieces, as English words for Llama's tokenizer. */
export interface TextSource {
  /** Returns a text of `count` words. A sentence ends after every fifteen words. */
  words(count: number): string;
  /** Returns a random whole number from a lognormal distribution. */
  length(median: number, spread: number, limits: readonly [number, number]): number;
  /** Returns a random number in [0, 1). */
  random(): number;
}

/** Fraction of English words that are two pieces. */
const ENDED = 0.05;
const SENTENCE = 15;

export function textSource({ words, endings }: Lexicon, seed: number): TextSource {
  const random = randomNumbers(seed);
  const among = (list: readonly string[], power: number): string =>
    list[Math.floor(random() ** power * list.length)] ?? "";
  return {
    random,
    words: (count) =>
      Array.from({ length: count }, (_, index) => {
        const ended = random() < ENDED ? among(endings, 1) : "";
        const stop = index % SENTENCE === SENTENCE - 1 && index < count - 1 ? "." : "";
        return among(words, 3) + ended + stop; // cubed: few words are frequent
      }).join(" "),
    length: (median, spread, [least, most]) => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return Math.round(Math.min(most, Math.max(least, median * Math.exp(spread * normal))));
    },
  };
}
