/**
 * `exact-text`: all of the question's own text occurs in one conversation. `n-gram`: a run of its words does.
 * `same-file`: an image of equal bytes. `same-picture`: an image that looks the same (scaled, compressed again, ...).
 */
export type LeakKind = "exact-text" | "n-gram" | "same-file" | "same-picture";

export const LEAK_KINDS: readonly LeakKind[] = ["exact-text", "n-gram", "same-file", "same-picture"];

/** Plain data, as JSON holds it. */
export interface ContaminationReport {
  readonly mixture: {
    readonly name: string;
    readonly fingerprint: string;
    readonly examples: number;
  };
  /** Words of a run. */
  readonly ngram: number;
  /** Differing bits of 64 that two hashes of one picture may have. */
  readonly imageDistance: number;
  readonly benchmarks: readonly BenchmarkContamination[];
}

export interface BenchmarkContamination {
  readonly benchmark: string;
  /** Whose prompts were looked for. */
  readonly protocol: string;
  readonly fingerprint: string;
  readonly questions: number;
  /** In the benchmark's order. */
  readonly contaminated: readonly ContaminatedQuestion[];
  /** Contaminated questions of all, 0..1; 0 for a benchmark without questions. */
  readonly share: number;
  /** Contaminated questions by kind; one question may have several. */
  readonly kinds: Readonly<Record<LeakKind, number>>;
  /** Questions on images of which only the short text was found, without the image: no evidence, and not counted. */
  readonly textOnly: readonly ContaminatedQuestion[];
  /** Questions without an image and with too few words to search for: they may be contaminated. */
  readonly unsearchable: number;
}

export interface ContaminatedQuestion {
  readonly id: string;
  /** The first of each kind. */
  readonly leaks: readonly Leak[];
}

/** Where a question occurs in the mixture, for a person to check. */
export interface Leak {
  readonly kind: LeakKind;
  /** Id of the mixture's example. */
  readonly example: string;
  /** Its place in the mixture, from 0. */
  readonly index: number;
  /** The words that agree, normalised (of long ones the first 30), or the names of the two images. */
  readonly match: string;
}
