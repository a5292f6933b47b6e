import { asByteCharacters } from "./byte-characters.ts";
import { createBytePairEncoder, type Fallback } from "./byte-pairs.ts";
import { SPACE, type Vocabulary } from "./vocabulary.ts";

/** Appends the ids of a text to `output`. */
export type Encode = (text: string, output: number[]) => void;

const CACHED_WORDS = 65_536;
const CACHED_LENGTH = 32;

/** Returns `encode` with a cache for short words. */
function rememberWords(encode: (word: string) => readonly number[]): (word: string) => readonly number[] {
  const cache = new Map<string, readonly number[]>();
  return (word) => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const encoded = encode(word);
    if (word.length > CACHED_LENGTH) return encoded;
    if (cache.size >= CACHED_WORDS) cache.clear();
    cache.set(word, encoded);
    return encoded;
  };
}

/**
 * Creates an encoder of words as the characters of their bytes. With `wholeWords`, a word that is a piece becomes one
 * token.
 */
export function createByteWordEncoder(vocabulary: Vocabulary, fallback: Fallback, wholeWords: boolean): Encode {
  const merge = createBytePairEncoder(vocabulary, fallback);
  const encodeWord = rememberWords((word) => {
    const characters = asByteCharacters(word);
    const whole = wholeWords ? vocabulary.ids.get(characters) : undefined;
    return whole === undefined ? merge(characters) : [whole];
  });
  return (word, output) => {
    for (const id of encodeWord(word)) output.push(id);
  };
}

/**
 * Creates an encoder that encodes text word by word and caches words. The ids equal those of the whole text, unless a
 * piece extends beyond the end of a word; with such a vocabulary, whole texts are encoded at once.
 */
export function createWordEncoder(vocabulary: Vocabulary, fallback: Fallback, wholeTexts = false): Encode {
  const { ids } = vocabulary;
  // Without a piece for spaces, unknown characters on both sides of a space form one run.
  const crossesWords = !ids.has(SPACE) || [...ids.keys()].some((piece) => piece.search(CROSSING) >= 0);
  const encodeWord = rememberWords(createBytePairEncoder(vocabulary, fallback));
  return (text, output) => {
    const whole = wholeTexts ? ids.get(text) : undefined;
    if (whole !== undefined) output.push(whole);
    else for (const word of crossesWords ? [text] : wordsOf(text)) for (const id of encodeWord(word)) output.push(id);
  };
}

/**
 * Yields words, each with the spaces before it. Uses no regular expression, because one overflows the stack on words of
 * megabytes.
 */
function* wordsOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    while (text[end] === SPACE) end++;
    const next = text.indexOf(SPACE, end);
    end = next < 0 ? text.length : next;
    yield text.slice(start, end);
  }
}

const CROSSING = new RegExp(`[^${SPACE}]${SPACE}`, "u");
