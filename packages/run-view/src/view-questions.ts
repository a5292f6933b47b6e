/** A question with the answers of several models. */
export interface QuestionView {
  readonly benchmark: string;
  readonly id: string;
  readonly target: string;
  readonly cluster?: string;
  /** The choices in the order of the prompt; empty for an open-ended question. */
  readonly choices: readonly { readonly label: string; readonly text: string }[];
  /**
   * The prompt without the model's template, as the first model with a stored prompt was asked. Absent when the runs
   * did not store prompts.
   */
  readonly prompt?: string;
  /** The images in order; empty when the question has none. Absent when the runs did not store the names of images. */
  readonly images?: readonly ImageView[];
  /**
   * One answer per model, in the order of `models` in {@link QuestionsOptions}; undefined where a model has no answer.
   * With `seeds`, one answer per seed of the first model, then of the second, and so on.
   */
  readonly answers: readonly (AnswerView | undefined)[];
}

export interface ImageView {
  /** The name of the image in its dataset. */
  readonly name: string;
  /** Path of the image file. Absent when the image is inside another file, or was not found. */
  readonly file?: string;
  /** Set when the image was a separate file when the run began, but no longer exists. */
  readonly isMissing?: true;
}

export interface AnswerView {
  /** The generated text; if choices were ranked, the label of the most likely choice. */
  readonly answer: string;
  /** What the extractor read from the answer; null if it could read nothing. */
  readonly extracted: string | null;
  readonly correct: boolean;
  /** The prompt of this model, if it differs from {@link QuestionView.prompt}. */
  readonly prompt?: string;
  /** Number of positions by which the prompt was truncated because it was too long. Absent if it was not truncated. */
  readonly truncatedPositions?: number;
  /** The log-probability of each choice, if choices were ranked. */
  readonly logProbabilities?: readonly number[];
}
