import { type Corpus, type CorpusQuestion, type Stretch, wordingLimit } from "./corpus.ts";
import { createRunTable } from "./run-table.ts";

/** An index that finds questions whose entire own text occurs in a conversation. */
export interface PhraseIndex {
  /**
   * Yields the questions in a conversation. `words` are its words, with gaps between turns. `lines` are the stretches
   * of its lines.
   */
  find(words: Int32Array, hashes: Int32Array, lines: readonly Stretch[]): Iterable<PhraseHit>;
  has(question: number): boolean;
}

interface PhraseHit {
  readonly question: number;
  /** The longest stretch of the question. */
  readonly phrase: Stretch;
}

/** The phrases of a question that must all occur in the same conversation. */
interface Wanted {
  readonly question: number;
  readonly phrases: readonly number[];
  readonly longest: Stretch;
  /** Whether the question's only phrase must be a whole line. */
  readonly asLine: boolean;
}

/**
 * A question with at least this many words of its own is found anywhere in a conversation. A shorter question without
 * choices is found only as a whole line.
 */
const LEAST_WORDS = 8;
/** Minimum number of own words of a question that is found as a whole line. */
const LEAST_LINE_WORDS = 3;
/** Number of first words by which longer phrases are looked up before they are compared. */
const KEY_WORDS = 12;

/**
 * Creates the index. A question is found if all stretches of its stem occur in a conversation and have at least 8
 * words, or if its choices occur there too and stem and choices have at least 8 words. A question of 3 to 7 words
 * without choices must be a whole line. A stem that several clusters share is found only together with its choices.
 */
export function createPhraseIndex(corpus: Corpus): PhraseIndex {
  const all = corpus.benchmarks.flatMap(({ questions }) =>
    questions.flatMap(({ stem, choices }) => [...stem, ...choices]),
  );
  const table = createRunTable(corpus.words, all.length);
  const keys = createRunTable(corpus.words, all.length);
  const keyLengths = [...new Set(all.map(keyLength))].toSorted((one, other) => one - other);
  /** The phrases with each key. */
  const phrasesOf: Set<number>[] = [];
  const stretchOf: Stretch[] = [];
  /** The questions by their longest phrase. */
  const wantedBy: Wanted[][] = [];
  const found = new Set<number>();

  const phraseOf = (stretch: Stretch): number => {
    const phrase = table.add(stretch.start, stretch.end - stretch.start);
    stretchOf[phrase] ??= stretch;
    (phrasesOf[keys.add(stretch.start, keyLength(stretch))] ??= new Set()).add(phrase);
    return phrase;
  };
  for (const { clusters, questions } of corpus.benchmarks) {
    const shared = sharedPhrases(questions, phraseOf, wordingLimit(clusters));
    for (const asked of questions) {
      const longest = asked.stem.toSorted((one, other) => wordCount([other]) - wordCount([one]))[0];
      if (!longest) continue;
      const phrase = phraseOf(longest);
      const wanted = wantedOf(asked, longest, shared.has(phrase), phraseOf);
      if (!wanted) continue;
      (wantedBy[phrase] ??= []).push(wanted);
      found.add(asked.question);
    }
  }
  /** For each phrase, the last conversation in which it occurred. Conversations are numbered as they are searched. */
  const seenIn = new Int32Array(stretchOf.length);
  let search = 0;

  const stands = (stretch: Stretch, words: Int32Array, at: number): boolean => {
    const length = stretch.end - stretch.start;
    if (at + length > words.length) return false;
    for (let offset = keyLength(stretch); offset < length; offset++) {
      if (corpus.words[stretch.start + offset] !== words[at + offset]) return false;
    }
    return true;
  };
  return {
    has: (question) => found.has(question),
    *find(words, hashes, lines) {
      search++;
      const candidates: Wanted[] = [];
      let end = 0;
      for (let at = 0; at < words.length; at++) {
        if (end <= at) end = endOfKnown(words, at);
        for (const length of keyLengths) {
          if (at + length > end) break;
          const key = keys.find(words, hashes, at, length);
          if (key < 0) continue;
          for (const phrase of phrasesOf[key] ?? []) {
            const stretch = stretchOf[phrase];
            if (seenIn[phrase] === search || !stretch || !stands(stretch, words, at)) continue;
            seenIn[phrase] = search;
            candidates.push(...(wantedBy[phrase] ?? []));
          }
        }
      }
      for (const { question, phrases, longest, asLine } of candidates) {
        if (!phrases.every((phrase) => seenIn[phrase] === search)) continue;
        if (!asLine || lines.some((line) => isLine(line, longest, words))) yield { question, phrase: longest };
      }
    },
  };

  function isLine(line: Stretch, phrase: Stretch, words: Int32Array): boolean {
    if (line.end - line.start !== phrase.end - phrase.start) return false;
    for (let offset = 0; line.start + offset < line.end; offset++) {
      if (words[line.start + offset] !== corpus.words[phrase.start + offset]) return false;
    }
    return true;
  }
}

function wantedOf(
  { question, stem, choices }: CorpusQuestion,
  longest: Stretch,
  isShared: boolean,
  phraseOf: (stretch: Stretch) => number,
): Wanted | undefined {
  const words = wordCount(stem);
  if (words >= LEAST_WORDS && !isShared) return { question, phrases: stem.map(phraseOf), longest, asLine: false };
  if (choices.length > 0 && words + wordCount(choices) >= LEAST_WORDS) {
    return { question, phrases: [...stem, ...choices].map(phraseOf), longest, asLine: false };
  }
  const asLine = choices.length === 0 && stem.length === 1 && words >= LEAST_LINE_WORDS && !isShared;
  return asLine ? { question, phrases: stem.map(phraseOf), longest, asLine } : undefined;
}

/** Returns the phrases that make up the entire stem of questions in more than `limit` clusters. */
function sharedPhrases(
  questions: readonly CorpusQuestion[],
  phraseOf: (stretch: Stretch) => number,
  limit: number,
): ReadonlySet<number> {
  const clusters = new Map<number, Set<number>>();
  for (const { stem, cluster } of questions) {
    const [only] = stem;
    if (!only || stem.length > 1) continue;
    const phrase = phraseOf(only);
    const known = clusters.get(phrase);
    if (known) known.add(cluster);
    else clusters.set(phrase, new Set([cluster]));
  }
  return new Set([...clusters].flatMap(([phrase, { size }]) => (size > limit ? [phrase] : [])));
}

function keyLength({ start, end }: Stretch): number {
  return Math.min(KEY_WORDS, end - start);
}

function wordCount(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Returns the end of the known words that begin at `at`, or `at` itself if its word is unknown. */
export function endOfKnown(words: Int32Array, at: number): number {
  let end = at;
  while (end < words.length && words[end] !== 0) end++;
  return end;
}
