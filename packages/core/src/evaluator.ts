import type { Benchmark, PromptFamily, ProtocolName } from "./benchmark.ts";
import type { Model } from "./model.ts";

export interface EvaluateRun {
  readonly model: Model;
  readonly benchmark: Benchmark;
  readonly protocol: ProtocolName;
  /**
   * A JSONL file to which answers are added as they come. Answers that it already holds (same benchmark,
   * protocol and model) are not asked again.
   */
  readonly answers?: URL;
  readonly signal?: AbortSignal;
}

export interface Evaluator {
  readonly specVersion: 1;
  readonly name: string;
  evaluate(run: EvaluateRun): AsyncIterable<EvaluateEvent>;
}

export type EvaluateEvent = EvaluateStartEvent | QuestionAnsweredEvent | EvaluateEndEvent;

export interface EvaluateStartEvent {
  readonly type: "evaluate-start";
  readonly benchmark: string;
  readonly questions: number;
  /** Questions whose answers were found in the answer file. */
  readonly answered: number;
}

/** One line of the answer file. */
export interface AnswerRecord {
  readonly id: string;
  /** As generated. */
  readonly answer: string;
  /** null when nothing could be read from the answer. */
  readonly extracted: string | null;
  readonly target: string;
  readonly correct: boolean;
  readonly cluster?: string;
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
}

export interface BenchmarkResult {
  readonly benchmark: string;
  readonly protocol: ProtocolName;
  readonly protocolVersion: number;
  readonly promptFamily: PromptFamily;
  /** Of questions, prompts and protocol: only results that agree in it compare. */
  readonly fingerprint: string;
  readonly questions: number;
  /** Answers from which nothing could be read. */
  readonly unreadable: number;
  /** The first is the headline. */
  readonly metrics: Readonly<Record<string, Estimate>>;
  readonly seconds: number;
}

export interface EvaluateEndEvent {
  readonly type: "evaluate-end";
  readonly result: BenchmarkResult;
}
