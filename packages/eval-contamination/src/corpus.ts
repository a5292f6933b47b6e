import type { OwnText } from "./own-text.ts";
import { NO_WORD } from "./vocabulary.ts";

/**
 * The own texts of all questions in one array of words, with a gap after each stretch of consecutive words. See
 * {@link OwnText}.
 */
export interface Corpus {
  readonly words: Int32Array;
  /** The questions by benchmark, sorted by cluster. */
  readonly benchmarks: readonly { readonly clusters: number; readonly questions: readonly CorpusQuestion[] }[];
}

export interface CorpusQuestion {
  /** The question's number among the questions of all benchmarks. */
  readonly question: number;
  readonly cluster: number;
  readonly stem: readonly Stretch[];
  readonly choices: readonly Stretch[];
}

/** A range of consecutive words, `words[start..end)`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface BenchmarkTexts {
  readonly clusters: number;
  readonly questions: readonly { readonly question: number; readonly text: OwnText }[];
}

export function createCorpus(benchmarks: readonly BenchmarkTexts[]): Corpus {
  const texts = benchmarks.flatMap(({ questions }) => questions.flatMap(({ text }) => [...text.stem, ...text.choices]));
  const words = new Int32Array(texts.reduce((sum, text) => sum + text.length + 1, 0)).fill(NO_WORD);
  let at = 0;
  const place = (text: readonly number[]): Stretch => {
    const start = at;
    words.set(text, start);
    at += text.length + 1;
    return { start, end: start + text.length };
  };
  return {
    words,
    benchmarks: benchmarks.map(({ clusters, questions }) => ({
      clusters,
      questions: questions.map(({ question, text }) => ({
        question,
        cluster: text.cluster,
        stem: text.stem.map(place),
        choices: text.choices.map(place),
      })),
    })),
  };
}

/**
 * A text that occurs in more clusters than this is part of the benchmark's wording, so finding it in the training data
 * does not identify a single question.
 */
export function wordingLimit(clusters: number): number {
  return Math.max(3, clusters / 1000);
}
