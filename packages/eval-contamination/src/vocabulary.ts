import { wordsOf } from "./words.ts";

/** Stands for a word that no benchmark has, and between two texts: no match goes across it. */
export const NO_WORD = 0;

/** Numbers words from 1, so that texts compare as numbers. */
export interface Vocabulary {
  /** The numbers of a text's words; new words are added. */
  add(text: string): readonly number[];
  /** The numbers of a text's words, {@link NO_WORD} for unknown ones. */
  look(text: string): readonly number[];
  /** The words of numbers, with spaces between them. */
  tell(words: ArrayLike<number>): string;
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
    tell: (told) => Array.from(told, (word) => words[word] ?? "").join(" "),
  };
}
