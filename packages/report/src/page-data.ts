/**
 * What the page's script draws and searches: plain data. Shares and accuracies are 0..1; texts are shown as they are,
 * never as markup.
 */
export interface PageData {
  /** The models. Their colours and symbols follow from their order. */
  readonly models: readonly ModelData[];
  readonly results: readonly ResultData[];
  readonly costs: readonly CostData[];
  readonly shares: readonly ShareData[];
  readonly curves: readonly CurveData[];
  readonly tables: readonly QuestionTableData[];
}

export interface ModelData {
  readonly label: string;
  /** One of the page's classes for colours: "base", or "arm-0" to "arm-7". */
  readonly color: string;
  /** Index of the symbol, so that models differ without colour. */
  readonly symbol: number;
}

/** A range with its ends. */
export interface RangeData {
  readonly low: number;
  readonly high: number;
}

/** The headline metric of a model on a benchmark. */
export interface ResultData {
  readonly benchmark: string;
  /** Index into `models`, as everywhere. */
  readonly model: number;
  readonly value: number;
  /** Over questions. */
  readonly interval?: RangeData;
  /** The value of each seed, if there are several. */
  readonly seeds?: readonly number[];
  /** The expected value of guessing. */
  readonly chance?: number;
}

/** The average of a model over the benchmarks of one kind, and the cost of its training. */
export interface CostData {
  readonly model: number;
  /** E.g. "language benchmarks". */
  readonly average: string;
  readonly teraflops: number;
  readonly value: number;
  readonly interval?: RangeData;
}

/** Accuracy against the share of language in the tuning data, for one backbone and benchmark. */
export interface ShareData {
  readonly title: string;
  readonly isAverage: boolean;
  /** "" if there is only one. */
  readonly backbone: string;
  readonly chance?: number;
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
  /** What distinguishes the curves of a plot; "" for the only one. */
  readonly label: string;
  readonly color: string;
  readonly points: readonly CurvePointData[];
}

/** Step, and mean, lowest and highest loss of the steps up to it; null is a loss that is not finite. */
export type CurvePointData = readonly [
  step: number,
  loss: number | null,
  lowest: number | null,
  highest: number | null,
];

/** A benchmark whose questions can be looked up. */
export interface QuestionTableData {
  readonly title: string;
  /** Id of the element that holds {@link PackedQuestions} as JSON, gzipped, in base64. */
  readonly element: string;
  readonly questions: number;
  /** The models that were asked, in the order of {@link PackedQuestions.answers}. */
  readonly models: readonly number[];
}

/** The questions of one benchmark, by column. */
export interface PackedQuestions {
  readonly ids: readonly string[];
  readonly targets: readonly string[];
  /** Null where the prompt was not kept. */
  readonly prompts: readonly (string | null)[];
  /** The choices of a question, as "label: text"; an index into the lists that occur. */
  readonly choices: readonly number[];
  readonly choiceLists: readonly (readonly string[])[];
  /** Indexes into `pictures` per question; null where images were not kept. */
  readonly images: readonly (readonly number[] | null)[];
  readonly pictures: readonly PictureData[];
  readonly answers: readonly AnswerColumns[];
}

/** An image of a question: its data URI, or why it is not shown. */
export interface PictureData {
  readonly name: string;
  readonly uri?: string;
  readonly missing?: string;
}

/** The answers of one model, one entry per question in each column. */
export interface AnswerColumns {
  /** What the model wrote; null where it has no answer. */
  readonly answers: readonly (string | null)[];
  /** What was read from the answer; null for nothing. */
  readonly extracted: readonly (string | null)[];
  readonly correct: readonly (0 | 1)[];
  /** By the index of the question: its prompt, if this model was asked something else. */
  readonly prompts: Readonly<Record<string, string>>;
  /** By the index of the question: how many positions its prompt lost because it was too long. */
  readonly truncated: Readonly<Record<string, number>>;
}
