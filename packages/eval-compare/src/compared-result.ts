export interface ComparedAnswer {
  /** Unique within its benchmark. */
  readonly id: string;
  readonly correct: boolean;
  readonly target: string;
  /** Equal for questions about the same article or image. */
  readonly cluster?: string;
  /** Identifies the prompt of the answer. `fingerprints.prompts` is compared only if an answer lacks this field. */
  readonly prompt?: string;
}

/** Fingerprints of two results. If they are equal, scores differ only because of the models. */
export interface ComparedFingerprints {
  readonly questions: string;
  readonly prompts: string;
  readonly protocol: string;
}

/** One model's answers on one benchmark. */
export interface ComparedResult {
  readonly benchmark: string;
  readonly protocol: string;
  readonly fingerprints: ComparedFingerprints;
  readonly answers: readonly ComparedAnswer[];
  /** Names the evaluation in messages and tables, e.g. "run-a: tuned". */
  readonly label: string;
}
