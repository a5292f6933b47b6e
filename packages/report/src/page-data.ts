/**
 * The data that the page's script draws and searches. Shares and accuracies are from 0 to 1. Texts are shown as text,
 * never as markup.
 */
export interface PageData {
  /** The models in the order of the view. */
  readonly models: readonly ModelData[];
  readonly results: readonly ResultData[];
  readonly costs: readonly CostData[];
  readonly shares: readonly ShareData[];
  readonly curves: readonly CurveData[];
  readonly tables: readonly QuestionTableData[];
  /** The two models whose answers are shown first, as indexes into `models`. Default: the last model and its base. */
  readonly compared?: readonly [model: number, base: number];
}

export interface ModelData {
  readonly label: string;
  /** A CSS class of the page: "base", or "arm-0" to "arm-7". */
  readonly color: string;
  /** Index of the model's symbol, which distinguishes models without color. */
  readonly symbol: number;
  /** Index of the model's backbone, if there are several. */
  readonly backbone?: number;
  /** Index into {@link PageData.models} of the model that this one is compared with. */
  readonly base?: number;
}

export interface RangeData {
  readonly low: number;
  readonly high: number;
}

/** The headline metric of a model on a benchmark. */
export interface ResultData {
  readonly benchmark: string;
  /** Index into {@link PageData.models}. */
  readonly model: number;
  readonly value: number;
  /** Confidence interval that accounts for the choice of questions. */
  readonly interval?: RangeData;
  /** The value of each seed, if there are several. */
  readonly seeds?: readonly number[];
  /** The accuracy of guessing. */
  readonly guessing?: number;
}

/** The average accuracy of a model over the language or the vision benchmarks, and the cost of its training. */
export interface CostData {
  readonly model: number;
  /** "Language benchmarks" or "Vision benchmarks". */
  readonly average: string;
  readonly teraflops: number;
  readonly value: number;
  readonly interval?: RangeData;
}

/** Accuracy by the share of language in the tuning data, for one backbone and benchmark. */
export interface ShareData {
  readonly title: string;
  readonly isAverage: boolean;
  /** "" if there is only one backbone. */
  readonly backbone: string;
  /** The accuracy of guessing, or its mean over the benchmarks of an average. */
  readonly guessing?: number;
  readonly points: readonly SharePoint[];
}

interface SharePoint {
  /** Share of conversations without images. */
  readonly share: number;
  readonly value: number;
  readonly interval?: RangeData;
  /** Interval over seeds. */
  readonly band?: RangeData;
  /** The value of each seed, if there are several. */
  readonly seeds: readonly number[];
}

/** A loss curve. */
export interface CurveData {
  /** Curves with the same title are drawn together. */
  readonly title: string;
  /** The name of the curve in its plot; "" if it is the only curve. */
  readonly label: string;
  readonly color: string;
  /** Index of the backbone, which determines the dashes of the line. Default 0. */
  readonly backbone?: number;
  readonly points: readonly CurvePointData[];
}

/**
 * The last step of a range, and the mean, lowest and highest loss of the range; null if the loss is not finite. For a
 * range of a single step, only the step and its loss.
 */
export type CurvePointData = readonly [
  step: number,
  loss: number | null,
  lowest?: number | null,
  highest?: number | null,
];

/** A benchmark whose questions can be looked up. */
export interface QuestionTableData {
  readonly title: string;
  /** Id of the element that contains {@link PackedQuestions} as gzipped JSON in base64. */
  readonly element: string;
  readonly questions: number;
  /** The models in the order of {@link PackedQuestions.answers}, as indexes into {@link PageData.models}. */
  readonly models: readonly number[];
  /**
   * The seeds, if each model was run with several. {@link PackedQuestions.answers} is then in order of models, and for
   * each model in order of seeds.
   */
  readonly seeds: readonly number[];
}

/** The questions of one benchmark, by column. */
export interface PackedQuestions {
  readonly ids: readonly string[];
  readonly targets: readonly string[];
  /** The prompt of each question; null where it was not stored. */
  readonly prompts: readonly (string | null)[];
  /** For each question, the index of its choices in `choiceLists`. A choice is written as "label: text". */
  readonly choices: readonly number[];
  readonly choiceLists: readonly (readonly string[])[];
  /** For each question, the indexes of its images in `pictures`; null where image names were not stored. */
  readonly images: readonly (readonly number[] | null)[];
  readonly pictures: readonly PictureData[];
  readonly answers: readonly AnswerColumns[];
}

/** An image of a question: its data URI, or in `missing` the reason why it is not shown. */
export interface PictureData {
  readonly name: string;
  readonly uri?: string;
  readonly missing?: string;
}

/** The answers of one model with one seed. Each list has one entry per question. */
export interface AnswerColumns {
  /** The answers; null where the model has none. */
  readonly answers: readonly (string | null)[];
  /** What the extractor read from each answer; null if it could read nothing. */
  readonly extracted: readonly (string | null)[];
  readonly correct: readonly (0 | 1)[];
  /** Prompts by index of the question, where they differ from {@link PackedQuestions.prompts}. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Numbers of positions by which prompts were truncated, by index of the question. */
  readonly truncated: Readonly<Record<string, number>>;
}
