/** A question with the answers of some models, side by side. */
export interface QuestionView {
  readonly benchmark: string;
  readonly id: string;
  readonly target: string;
  readonly cluster?: string;
  /** The choices in the order of the prompt; empty when it offered none. */
  readonly choices: readonly { readonly label: string; readonly text: string }[];
  /**
   * The text that the model was asked, without the template that the model adds; of the first model that has it. Absent
   * when the run did not keep it.
   */
  readonly prompt?: string;
  /** The question's images in order; empty when it has none. Absent when the run did not keep them. */
  readonly images?: readonly ImageView[];
  /** In the order of the models that were asked for; undefined where a model has no answer. */
  readonly answers: readonly (AnswerView | undefined)[];
}

export interface ImageView {
  /** Names the image in its dataset. */
  readonly name: string;
  /** Path of the image file. Absent when the image is inside another file, or was not found. */
  readonly file?: string;
  /** Set when the image was a file of its own when the run began, and is gone. */
  readonly isMissing?: true;
}

export interface AnswerView {
  /** The generated text; if choices were ranked, the label of the most likely choice. */
  readonly answer: string;
  /** What was read from the answer; null for nothing. */
  readonly extracted: string | null;
  readonly correct: boolean;
  /** The text that this model was asked, where it differs from {@link QuestionView.prompt}. */
  readonly prompt?: string;
  /** Number of positions that the prompt lost because it was too long. Absent: none. */
  readonly truncatedPositions?: number;
  /** The log-probability of each choice, if choices were ranked. */
  readonly logProbabilities?: readonly number[];
}
