/** The answer to one question in one evaluation. */
export interface ComparedAnswer {
  /** Unique within its benchmark. */
  readonly id: string;
  readonly correct: boolean;
  readonly target: string;
  /** Key shared by questions about the same article or image. */
  readonly cluster?: string;
  /**
   * Identifies the prompt that was answered. If all answers have this field, `fingerprints.prompts` is not compared.
   */
  readonly prompt?: string;
}

/** Fingerprints that must be equal in two results for their scores to differ only because of the models. */
export interface ComparedFingerprints {
  readonly questions: string;
  readonly prompts: string;
  readonly protocol: string;
}

/** The answers of one model to one benchmark. */
export interface ComparedResult {
  readonly benchmark: string;
  readonly protocol: string;
  readonly fingerprints: ComparedFingerprints;
  readonly answers: readonly ComparedAnswer[];
  /** Names the evaluation in messages and tables, e.g. "run-a: tuned". */
  readonly label: string;
}
