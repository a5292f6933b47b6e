import { SPACE, type Vocabulary } from "./vocabulary.ts";

const WORDS = new RegExp(`${SPACE}*[^${SPACE}]+|${SPACE}+`, "gu");
const CACHED_WORDS = 65_536;
const CACHED_LENGTH = 32;

/**
 * Encodes text word by word and remembers the words. That gives the same ids as merging over the whole text
 * as long as no piece goes on after a word's end; a vocabulary with such pieces is encoded as a whole.
 */
export function createWordEncoder(
  { ids }: Vocabulary,
  encodeText: (text: string) => readonly number[],
): (text: string, output: number[]) => void {
  const crossesWords = Object.keys(ids).some((piece) => piece.search(CROSSING) >= 0);
  const cache = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const encoded = encodeText(word);
    if (word.length > CACHED_LENGTH) return encoded;
    if (cache.size >= CACHED_WORDS) cache.clear();
    cache.set(word, encoded);
    return encoded;
  };
  return (text, output) => {
    const words = crossesWords ? [text] : (text.match(WORDS) ?? []);
    for (const word of words) for (const id of encodeWord(word)) output.push(id);
  };
}

const CROSSING = new RegExp(`[^${SPACE}]${SPACE}`, "u");
