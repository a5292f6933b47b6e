import { type Corpus, wordingLimit } from "./corpus.ts";
import { createRunTable } from "./run-table.ts";

/** An index of all sequences of `length` consecutive words in questions. */
export interface GramIndex {
  readonly length: number;
  /** Yields the questions that contain the sequence at `words[at]`, and its places in the corpus. */
  find(words: Int32Array, hashes: Int32Array, at: number): Iterable<GramHit>;
  /** Whether `find` can yield the question: at least one of its sequences is not ignored. */
  has(question: number): boolean;
}

interface GramHit {
  readonly question: number;
  readonly position: number;
}

/**
 * Creates the index. A sequence in more clusters of a benchmark than {@link wordingLimit} is ignored for that
 * benchmark.
 */
export function createGramIndex(corpus: Corpus, length: number): GramIndex {
  const capacity = corpus.words.length;
  const table = createRunTable(corpus.words, capacity);
  const clusterCount = new Int32Array(capacity);
  const lastCluster = new Int32Array(capacity);
  const heads = new Int32Array(capacity).fill(-1);
  const nexts = new Int32Array(capacity).fill(-1);
  const runs = new Int32Array(capacity);
  const questions = new Int32Array(capacity);
  const found = new Set<number>();

  for (const { clusters, questions: asked } of corpus.benchmarks) {
    clusterCount.fill(0);
    for (const { question, cluster, stem, choices } of asked) {
      for (const { start, end } of [...stem, ...choices]) {
        for (let at = start; at + length <= end; at++) {
          const run = table.add(at, length);
          if (clusterCount[run] === 0 || lastCluster[run] !== cluster) {
            clusterCount[run] = (clusterCount[run] ?? 0) + 1;
            lastCluster[run] = cluster;
          }
          runs[at] = run;
          questions[at] = question;
        }
      }
    }
    for (const { question, stem, choices } of asked) {
      for (const { start, end } of [...stem, ...choices]) {
        for (let at = start; at + length <= end; at++) {
          const run = runs[at] ?? 0;
          if ((clusterCount[run] ?? 0) > wordingLimit(clusters)) continue;
          nexts[at] = heads[run] ?? -1;
          heads[run] = at;
          found.add(question);
        }
      }
    }
  }
  return {
    length,
    has: (question) => found.has(question),
    *find(words, hashes, at) {
      const run = table.find(words, hashes, at, length);
      if (run < 0) return;
      for (let position = heads[run] ?? -1; position >= 0; position = nexts[position] ?? -1) {
        yield { question: questions[position] ?? 0, position };
      }
    },
  };
}
