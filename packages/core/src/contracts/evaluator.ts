import type { Benchmark, Choice, Extractor } from "./benchmark.ts";
import type { Model } from "./model.ts";

export interface EvaluateRun {
  readonly model: Model;
  readonly benchmark: Benchmark;
  readonly protocol: string;
  /**
   * A JSONL file to which answers are appended. Questions that the file already answers are not asked again. Stored
   * answers are used only if benchmark, protocol, model, stage and weights are the same; otherwise an error is thrown.
   */
  readonly answers?: URL;
  /** Name of the stage. An error is thrown if stored answers are of another stage. */
  readonly stage?: string;
  /** Identifies the model's current weights. An error is thrown if stored answers are of other weights. */
  readonly weights?: string;
  readonly signal?: AbortSignal;
}

export interface Evaluator {
  readonly specVersion: 1;
  readonly name: string;
  /** Number of questions per batch. Default: the model's choice. */
  readonly batchSize?: number;
  evaluate(run: EvaluateRun): AsyncIterable<EvaluateEvent>;
  /**
   * Checks a planned evaluation; a run calls `check` before its first stage. Throws `invalid-options` when this
   * evaluator cannot ask the benchmark.
   */
  check?(planned: PlannedEvaluation): Promise<void>;
}

/** What is known about an evaluation before the model is loaded. */
export type PlannedEvaluation = Pick<EvaluateRun, "benchmark" | "protocol" | "signal">;

export type EvaluateEvent = EvaluateStartEvent | QuestionAnsweredEvent | EvaluateEndEvent;

export interface EvaluateStartEvent {
  readonly type: "evaluate-start";
  readonly benchmark: string;
  readonly questions: number;
  /** Number of questions whose answers the answer file already contained. */
  readonly answered: number;
}

/** One line of the answer file. It suffices to read and judge the answer again. */
export interface AnswerRecord {
  readonly id: string;
  /** The generated text, or the label of the most likely choice if choices were ranked. */
  readonly answer: string;
  /** null if the extractor could read nothing from the answer. */
  readonly extracted: string | null;
  readonly target: string;
  readonly correct: boolean;
  readonly cluster?: string;
  /** {@link Question.kind}. Absent in answers of earlier versions. */
  readonly kind?: string;
  /** Number of positions removed from a prompt that was too long. Absent when none were removed. */
  readonly truncatedPositions?: number;
  /** Identifies the prompt: equal prompts have equal identifiers. */
  readonly prompt?: string;
  /**
   * The texts of the prompt, separated by line breaks, without the template that the model adds; for reading only.
   * Absent in answers of earlier versions.
   */
  readonly asked?: string;
  /**
   * Names of the question's images; for reading only. Absent for a question without images, and in answers of earlier
   * versions.
   */
  readonly images?: readonly string[];
  /** The choices in the order of the prompt. */
  readonly choices?: readonly Choice[];
  /** One score per choice, if choices were ranked. */
  readonly scores?: readonly ChoiceScore[];
}

export interface ChoiceScore {
  /** Natural logarithm of the continuation's probability: the sum over its tokens. */
  readonly logProbability: number;
  readonly tokens: number;
  /** Length of the continuation in characters. */
  readonly characters: number;
}

export interface QuestionAnsweredEvent {
  readonly type: "question-answered";
  readonly benchmark: string;
  readonly answer: AnswerRecord;
  readonly answered: number;
  readonly questions: number;
}

export interface Estimate {
  readonly value: number;
  /** Standard error of `value`, by the delete-one-cluster jackknife. Absent with fewer than two clusters. */
  readonly standardError?: number;
  /** Confidence interval of `value`. Absent with fewer than two clusters. */
  readonly interval?: Interval;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The confidence level, e.g. 0.95. */
  readonly level: number;
  /**
   * `wilson`: Wilson's score interval of a proportion. `cluster-bootstrap`: percentiles of a bootstrap over clusters,
   * or over questions if there are no clusters.
   */
  readonly method: "wilson" | "cluster-bootstrap";
}

/** Identifies questions, prompts and judging. Results are comparable only if all three fingerprints are equal. */
export interface Fingerprints {
  readonly questions: string;
  /** Fingerprint of the prompts as the model received them. */
  readonly prompts: string;
  /** Fingerprint of evaluator, protocol, extractor and metrics, with their versions. */
  readonly protocol: string;
}

export interface BenchmarkResult {
  readonly benchmark: string;
  readonly evaluator: string;
  readonly protocol: string;
  readonly protocolVersion: number;
  readonly extractor: Pick<Extractor, "name" | "version">;
  /** The name of the model's {@link Wording}. */
  readonly wording: string;
  readonly fingerprints: Fingerprints;
  /** See {@link Model.templateFingerprint}. */
  readonly template?: string;
  readonly questions: number;
  /** Number of questions in the benchmark, if {@link take} selected fewer. */
  readonly questionsInBenchmark?: number;
  /** Number of answers from which the extractor could read nothing. */
  readonly unreadable: number;
  /** Number of questions whose prompt was truncated because it was too long. Absent when they were not counted. */
  readonly truncatedPrompts?: number;
  /** Estimates by metric name. The first metric is the headline number. */
  readonly metrics: Readonly<Record<string, Estimate>>;
  /**
   * Number of prompt positions, and how many of them were computed. Positions that several prompts share are computed
   * once. NaN in a run's results (null in results.json) if the answers were already stored, because their cost is not
   * recorded.
   */
  readonly positions: { readonly prompts: number; readonly computed: number };
  /** Duration in seconds; NaN when `positions` is NaN. */
  readonly seconds: number;
  readonly verification?: Verification;
}

/** Shows whether answers depend on the other questions in their batch. */
export interface Verification {
  /** Number of randomly drawn questions that were asked again, one at a time. */
  readonly checked: number;
  readonly flips: readonly Flip[];
  /** The smallest difference between the two highest logits at any token, when questions are asked one at a time. */
  readonly smallestMargin: number;
}

/** An answer that changed when its question was asked alone. */
export interface Flip {
  readonly id: string;
  readonly together: string;
  readonly alone: string;
  /** The smallest difference between the two highest logits at any token of the answer to the question asked alone. */
  readonly margin: number;
}

export interface EvaluateEndEvent {
  readonly type: "evaluate-end";
  readonly result: BenchmarkResult;
}
