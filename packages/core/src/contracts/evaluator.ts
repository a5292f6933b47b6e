import type { Benchmark, Choice, Extractor } from "./benchmark.ts";
import type { Model } from "./model.ts";

export interface EvaluateRun {
  readonly model: Model;
  readonly benchmark: Benchmark;
  readonly protocol: string;
  /**
   * A JSONL file to which answers are appended as they arrive. A question whose answer it already holds (same benchmark,
   * protocol, model, stage and weights) is not asked again.
   */
  readonly answers?: URL;
  /** The experiment's stage. Stored answers of a different stage are refused. */
  readonly stage?: string;
  /**
   * Identifies the model's current weights: equal only for equal weights. Stored answers of other weights are refused.
   */
  readonly weights?: string;
  readonly signal?: AbortSignal;
}

export interface Evaluator {
  readonly specVersion: 1;
  readonly name: string;
  evaluate(run: EvaluateRun): AsyncIterable<EvaluateEvent>;
  /**
   * Checks an evaluation that has not begun, as a run does before its first stage. Throws `invalid-options` for a
   * benchmark that cannot be asked this way.
   */
  check?(planned: PlannedEvaluation): Promise<void>;
}

/** An evaluation as it is known before the model is loaded. */
export type PlannedEvaluation = Pick<EvaluateRun, "benchmark" | "protocol" | "signal">;

export type EvaluateEvent = EvaluateStartEvent | QuestionAnsweredEvent | EvaluateEndEvent;

export interface EvaluateStartEvent {
  readonly type: "evaluate-start";
  readonly benchmark: string;
  readonly questions: number;
  /** Questions whose answers were found in the answer file. */
  readonly answered: number;
}

/** One line of the answer file: everything needed to read and judge the answer again. */
export interface AnswerRecord {
  readonly id: string;
  /** The generated text; if choices were ranked, the label of the likeliest. */
  readonly answer: string;
  /** null if the extractor could read nothing from the answer. */
  readonly extracted: string | null;
  readonly target: string;
  readonly correct: boolean;
  readonly cluster?: string;
  /** Positions that the prompt lost because it was too long. Absent: none. */
  readonly cutPositions?: number;
  /** Identifies the prompt: equal for two questions that were asked in the same words. */
  readonly prompt?: string;
  /** As the prompt offered them. */
  readonly choices?: readonly Choice[];
  /** One for each of `choices`, if choices were ranked. */
  readonly scores?: readonly ChoiceScore[];
}

/** How likely a choice is to the model. */
export interface ChoiceScore {
  /** Sum over the tokens of the continuation, natural logarithm. */
  readonly logProbability: number;
  readonly tokens: number;
  /** Characters of the continuation. */
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
  /** Of `value`, by the delete-one-cluster jackknife. Absent when there are fewer than two clusters. */
  readonly standardError?: number;
  /** Absent when there are fewer than two clusters. */
  readonly interval?: Interval;
}

/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** E.g. 0.95. */
  readonly level: number;
  /** Wilson's score interval of one proportion, or percentiles of resampled clusters (of questions, without clusters). */
  readonly method: "wilson" | "cluster-bootstrap";
}

/** What was asked, in which words, and how it was judged. Results are comparable only if all three are equal. */
export interface Fingerprints {
  /** Of the benchmark's data. */
  readonly questions: string;
  /** Of the prompts as the model received them. */
  readonly prompts: string;
  /** Of evaluator, protocol, extractor and metrics, with their versions. */
  readonly protocol: string;
}

export interface BenchmarkResult {
  readonly benchmark: string;
  /** The name of the evaluator. */
  readonly evaluator: string;
  readonly protocol: string;
  readonly protocolVersion: number;
  readonly extractor: Pick<Extractor, "name" | "version">;
  /** The name of the model's wording. */
  readonly wording: string;
  readonly fingerprints: Fingerprints;
  /** See {@link Model.templateFingerprint}. */
  readonly template?: string;
  readonly questions: number;
  /** How many questions the benchmark has, if only its first `questions` were asked ({@link take}). */
  readonly questionsInBenchmark?: number;
  /** Answers from which nothing could be read. */
  readonly unreadable: number;
  /** Questions whose prompt was cut because it was too long. Absent: not counted. */
  readonly cutPrompts?: number;
  /** The first is the headline. */
  readonly metrics: Readonly<Record<string, Estimate>>;
  /**
   * Positions of the prompts that this call asked, and how many of them were computed: shared positions count once. In a
   * run's results NaN (null in results.json) if the answers were stored already, since their cost is no longer known.
   */
  readonly positions: { readonly prompts: number; readonly computed: number };
  /** Of this call; NaN when `positions` is. */
  readonly seconds: number;
  /** Present if it was requested. */
  readonly verification?: Verification;
}

/** Whether answers depend on the other questions of their batch. */
export interface Verification {
  /** How many questions, drawn at random, were asked again on their own. */
  readonly checked: number;
  readonly flips: readonly Flip[];
  /** The smallest difference between the two highest logits, over all tokens of the answers to single questions. */
  readonly smallestMargin: number;
}

/** An answer that changed when its question was asked on its own. */
export interface Flip {
  readonly id: string;
  readonly together: string;
  readonly alone: string;
  /** The smallest margin of the answer to the single question. */
  readonly margin: number;
}

export interface EvaluateEndEvent {
  readonly type: "evaluate-end";
  readonly result: BenchmarkResult;
}
