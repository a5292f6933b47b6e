/**
 * `exact-text`: the question's entire own text occurs in one conversation. `n-gram`: a run of its words occurs.
 * `same-file`: an image has the same bytes. `same-picture`: an image looks the same (scaled, compressed again, ...).
 */
export type LeakKind = "exact-text" | "n-gram" | "same-file" | "same-picture";

export const LEAK_KINDS: readonly LeakKind[] = ["exact-text", "n-gram", "same-file", "same-picture"];

/** The findings, as plain data that can be stored as JSON. */
export interface ContaminationReport {
  readonly mixture: {
    readonly name: string;
    readonly fingerprint: string;
    readonly examples: number;
  };
  /** Number of words in a run. */
  readonly ngram: number;
  /** Maximum number of differing bits, of 64, between the hashes of two images that count as the same picture. */
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
  /** Share of contaminated questions, 0..1; 0 for a benchmark without questions. */
  readonly share: number;
  /** Number of contaminated questions by kind of leak; a question may have several kinds. */
  readonly kinds: Readonly<Record<LeakKind, number>>;
  /**
   * Questions about images whose short text was found, but whose image was not. This is no evidence, so they do not
   * count as contaminated.
   */
  readonly textOnly: readonly ContaminatedQuestion[];
  /** Number of questions without an image that have too few words to search for; they may be contaminated. */
  readonly unsearchable: number;
}

export interface ContaminatedQuestion {
  readonly id: string;
  /** The first leak of each kind. */
  readonly leaks: readonly Leak[];
}

/** A place in the mixture where a question occurs, for a person to check. */
export interface Leak {
  readonly kind: LeakKind;
  /** Id of the mixture's example. */
  readonly example: string;
  /** Index of the example in the mixture, from 0. */
  readonly index: number;
  /** The matching words, normalised and at most the first 30, or the names of the two images. */
  readonly match: string;
}
