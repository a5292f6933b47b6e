/**
 * `exact-text`: the question's entire own text occurs in one conversation. `n-gram`: {@link ContaminationReport.ngram}
 * consecutive words occur. `same-file`: an image has the same bytes. `same-picture`: an image looks the same (scaled,
 * compressed again, ...).
 */
export type LeakKind = "exact-text" | "n-gram" | "same-file" | "same-picture";

export const LEAK_KINDS: readonly LeakKind[] = ["exact-text", "n-gram", "same-file", "same-picture"];

/** The result of a search, as plain data that can be stored as JSON. */
export interface ContaminationReport {
  readonly mixture: {
    readonly name: string;
    readonly fingerprint: string;
    readonly examples: number;
  };
  /** Number of consecutive words in an n-gram. */
  readonly ngram: number;
  /** Two images are the same picture if their 64-bit hashes differ in at most this many bits. */
  readonly imageDistance: number;
  readonly benchmarks: readonly BenchmarkContamination[];
}

export interface BenchmarkContamination {
  readonly benchmark: string;
  /** The protocol whose prompts were searched for. */
  readonly protocol: string;
  readonly fingerprint: string;
  readonly questions: number;
  /** The contaminated questions in the order of the benchmark. */
  readonly contaminated: readonly ContaminatedQuestion[];
  /** Share of contaminated questions, 0..1. 0 for a benchmark without questions. */
  readonly share: number;
  /** Number of contaminated questions by kind of leak. A question may have several kinds. */
  readonly kinds: Readonly<Record<LeakKind, number>>;
  /**
   * Questions about images for which the short text was found, but not the image. They do not count as contaminated.
   */
  readonly textOnly: readonly ContaminatedQuestion[];
  /** Number of questions without an image that have too few words to search for. They may be contaminated. */
  readonly unsearchable: number;
}

export interface ContaminatedQuestion {
  readonly id: string;
  /** The first leak of each kind. */
  readonly leaks: readonly Leak[];
}

/** An example of the mixture in which a question was found, for a person to check. */
export interface Leak {
  readonly kind: LeakKind;
  readonly example: string;
  /** Index of the example in the mixture, counted from 0. */
  readonly index: number;
  /** The first 30 matching words, normalized, or the names of the two images. */
  readonly match: string;
}
