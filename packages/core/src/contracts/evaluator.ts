import type { Benchmark, Choice, Extractor } from "./benchmark.ts";
import type { Model } from "./model.ts";

export interface EvaluateRun {
  readonly model: Model;
  readonly benchmark: Benchmark;
  readonly protocol: string;
  /**
   * A JSONL file to which answers are added as they come. Answers that it already holds (same benchmark,
   * protocol, model, stage and weights) are not asked again.
   */
  readonly answers?: URL;
  /** The experiment's stage that asks. Stored answers of another stage are refused. */
  readonly stage?: string;
  /**
   * Names the weights that the model has now: equal only for equal ones. Stored answers of other weights are refused.
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

/** One line of the answer file: all that reading and judging the answer again needs. */
export interface AnswerRecord {
  readonly id: string;
  /** As generated; of ranked choices the label of the likeliest. */
  readonly answer: string;
  /** null when nothing could be read from the answer. */
  readonly extracted: string | null;
  readonly target: string;
  readonly correct: boolean;
  readonly cluster?: string;
  /** Names the prompt that was answered: two questions asked in the same words have the same. */
  readonly prompt?: string;
  /** As the prompt offered them. */
  readonly choices?: readonly Choice[];
  /** Where choices were ranked, one for each of `choices`. */
  readonly scores?: readonly ChoiceScore[];
}

/** How likely a model holds a choice for. */
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
  /** Wilson's score interval of one proportion, or percentiles of resampled clusters (single questions where there are none). */
  readonly method: "wilson" | "cluster-bootstrap";
}

/** What was asked, in which words, and how it was judged: results compare where all three agree. */
export interface Fingerprints {
  /** Of the benchmark's data. */
  readonly questions: string;
  /** Of the prompts as put to the model. */
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
  readonly questions: number;
  /** Questions of the benchmark, where only its first `questions` were asked ({@link take}). */
  readonly questionsInBenchmark?: number;
  /** Answers from which nothing could be read. */
  readonly unreadable: number;
  /** The first is the headline. */
  readonly metrics: Readonly<Record<string, Estimate>>;
  /**
   * Positions of the prompts that this call asked, and those of them that were computed: shared ones count once. In a run's
   * results NaN, null in results.json, where the answers were there already and nothing says any more what they cost.
   */
  readonly positions: { readonly prompts: number; readonly computed: number };
  /** Of this call; NaN as `positions`. */
  readonly seconds: number;
  /** Present when asked for. */
  readonly verification?: Verification;
}

/** Whether answers depend on the questions that were asked beside them. */
export interface Verification {
  /** Questions, drawn at random, that were asked again alone. */
  readonly checked: number;
  readonly flips: readonly Flip[];
  /** Of the two highest logits, over all tokens of the answers given alone: how near the closest call was. */
  readonly smallestMargin: number;
}

/** An answer that was another one when its question was asked alone. */
export interface Flip {
  readonly id: string;
  readonly together: string;
  readonly alone: string;
  /** The smallest margin of the answer given alone. */
  readonly margin: number;
}

export interface EvaluateEndEvent {
  readonly type: "evaluate-end";
  readonly result: BenchmarkResult;
}
