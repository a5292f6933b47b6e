import { IMAGE_PLACEHOLDER, type Turn } from "@mlan/core";
import { type BenchmarkTexts, createCorpus, type Stretch } from "./corpus.ts";
import { createGramIndex } from "./gram-index.ts";
import { createPhraseIndex, endOfKnown } from "./phrase-index.ts";
import { prefixHashes } from "./run-table.ts";
import { NO_WORD, type Vocabulary } from "./vocabulary.ts";

interface TextHit {
  readonly kind: "exact-text" | "n-gram";
  readonly question: number;
  /** Returns the matching words, normalized. */
  match(): string;
}

/** An index of the texts of all questions of all benchmarks. */
export interface TextIndex {
  /** Yields all hits in one conversation. A question may have several hits of the same kind. */
  find(turns: readonly Turn[]): Iterable<TextHit>;
  /** Whether a question has enough text to be found. */
  has(question: number): boolean;
}

/** Maximum number of words in the text of a match. */
const SHOWN_WORDS = 30;

export function createTextIndex(
  vocabulary: Vocabulary,
  benchmarks: readonly BenchmarkTexts[],
  ngram: number,
): TextIndex {
  const corpus = createCorpus(benchmarks);
  const grams = createGramIndex(corpus, ngram);
  const phrases = createPhraseIndex(corpus);
  const textOf = (start: number, end: number): string => {
    const shown = vocabulary.textOf(corpus.words.subarray(start, Math.min(end, start + SHOWN_WORDS)));
    return end - start > SHOWN_WORDS ? `${shown} ...` : shown;
  };
  /** Returns the end, in the corpus, of a match that begins at `position` in the corpus and at `at` in `words`. */
  const endOfMatch = (position: number, words: Int32Array, at: number): number => {
    let length = ngram;
    while (corpus.words[position + length] !== NO_WORD && corpus.words[position + length] === words[at + length])
      length++;
    return position + length;
  };
  return {
    has: (question) => grams.has(question) || phrases.has(question),
    *find(turns) {
      const { words, lines } = wordsOfTurns(vocabulary, turns);
      const hashes = prefixHashes(words);
      let end = 0;
      for (let at = 0; at < words.length; at++) {
        if (end <= at) end = endOfKnown(words, at);
        if (at + ngram > end) continue;
        for (const { question, position } of grams.find(words, hashes, at)) {
          yield { kind: "n-gram", question, match: () => textOf(position, endOfMatch(position, words, at)) };
        }
      }
      for (const { question, phrase } of phrases.find(words, hashes, lines)) {
        yield { kind: "exact-text", question, match: () => textOf(phrase.start, phrase.end) };
      }
    },
  };
}

function wordsOfTurns(
  vocabulary: Vocabulary,
  turns: readonly Turn[],
): { words: Int32Array; lines: readonly Stretch[] } {
  const words: number[] = [];
  const lines: Stretch[] = [];
  for (const { text } of turns) {
    for (const line of text.replaceAll(IMAGE_PLACEHOLDER, "\n").split("\n")) {
      const start = words.length;
      for (const word of vocabulary.look(line)) words.push(word);
      if (words.length > start) lines.push({ start, end: words.length });
    }
    words.push(NO_WORD);
  }
  return { words: Int32Array.from(words), lines };
}
