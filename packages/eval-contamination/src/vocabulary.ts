import { wordsOf } from "./words.ts";

/** The number of a word that occurs in no benchmark. Also separates two texts, because no match contains it. */
export const NO_WORD = 0;

/** Assigns numbers, counted from 1, to words, so that texts can be compared as numbers. */
export interface Vocabulary {
  /** Returns the numbers of a text's words. Adds new words. */
  add(text: string): readonly number[];
  /** Returns the numbers of a text's words. {@link NO_WORD} for unknown words. */
  look(text: string): readonly number[];
  /** Returns the words with these numbers, joined by spaces. */
  textOf(words: ArrayLike<number>): string;
}

export function createVocabulary(): Vocabulary {
  const numbers = new Map<string, number>();
  const words = [""];
  const add = (word: string): number => {
    const known = numbers.get(word);
    if (known !== undefined) return known;
    numbers.set(word, words.length);
    return words.push(word) - 1;
  };
  return {
    add: (text) => wordsOf(text).map(add),
    look: (text) => wordsOf(text).map((word) => numbers.get(word) ?? NO_WORD),
    textOf: (numbers) => Array.from(numbers, (word) => words[word] ?? "").join(" "),
  };
}
