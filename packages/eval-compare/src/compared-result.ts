/** One question's answer in one evaluation. */
export interface ComparedAnswer {
  /** Unique within its benchmark. */
  readonly id: string;
  readonly correct: boolean;
  readonly target: string;
  /** Questions on one article or image share it. */
  readonly cluster?: string;
  /** Names the prompt that was answered. Where all answers have one, `fingerprints.prompts` is not looked at. */
  readonly prompt?: string;
}

/** What must be equal for two scores to differ for no other reason than the model. */
export interface ComparedFingerprints {
  readonly questions: string;
  readonly prompts: string;
  readonly protocol: string;
}

/** One benchmark as one model answered it. */
export interface ComparedResult {
  readonly benchmark: string;
  readonly protocol: string;
  readonly fingerprints: ComparedFingerprints;
  readonly answers: readonly ComparedAnswer[];
  /** Names the evaluation in messages and tables, e.g. "run-a: tuned". */
  readonly label: string;
}
