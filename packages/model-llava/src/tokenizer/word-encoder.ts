import { SPACE, type Vocabulary } from "./vocabulary.ts";

const CACHED_WORDS = 65_536;
const CACHED_LENGTH = 32;

/** `encode`, which remembers what short words were encoded to. */
export function rememberWords(encode: (word: string) => readonly number[]): (word: string) => readonly number[] {
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
 * Encodes text word by word and remembers the words. That gives the same ids as merging over the whole text
 * as long as no piece goes on after a word's end; a vocabulary with such pieces is encoded as a whole.
 */
export function createWordEncoder(
  { ids }: Vocabulary,
  encodeText: (text: string) => readonly number[],
): (text: string, output: number[]) => void {
  const crossesWords = [...ids.keys()].some((piece) => piece.search(CROSSING) >= 0);
  const encodeWord = rememberWords(encodeText);
  return (text, output) => {
    for (const word of crossesWords ? [text] : wordsOf(text)) for (const id of encodeWord(word)) output.push(id);
  };
}

/** Spaces, if any, with what follows up to the next space. No pattern: those overflow the stack on words of megabytes. */
function* wordsOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    while (text[end] === SPACE) end++;
    const next = text.indexOf(SPACE, end);
    end = next < 0 ? text.length : next;
    yield text.slice(start, end);
  }
}

const CROSSING = new RegExp(`[^${SPACE}]${SPACE}`, "u");
