import type { AnswerRecord, ChoiceScore, EvaluateRun, Extractor, Metric, Outcome, Protocol } from "@mlan/core";
import type { AskedQuestion, QuestionPlan } from "./question-plan.ts";

/** How an evaluator gets answers, and what it makes of them. The engine does the rest. */
export interface EvaluationMethod {
  /** Begins every error, and is stamped on results. */
  readonly name: string;
  /** All else that decides what the numbers mean; part of the protocol's fingerprint. */
  readonly settings: unknown;
  /** Throws for questions that cannot be asked this way, before any is. */
  check?(run: EvaluateRun, plan: QuestionPlan): void;
  /** `wording` is the name of the model's. */
  extractor(protocol: Protocol, wording: string): Extractor;
  /** Answers to all questions of a chunk, in any order. */
  ask(run: EvaluateRun, protocol: Protocol, chunk: readonly AskedQuestion[]): AsyncIterable<NewAnswer>;
  /** The first metric of the first one is the headline. */
  scorings(protocol: Protocol): readonly Scoring[];
}

export interface NewAnswer {
  readonly id: string;
  readonly answer: string;
  readonly scores?: readonly ChoiceScore[];
  /** Positions that its prompt lost because it was too long. Default 0. */
  readonly cutPositions?: number | undefined;
  /** Positions of its prompt, and those of them that were computed for it. */
  readonly positions: { readonly prompts: number; readonly computed: number };
}

/** Metrics, and what they see of an answer. */
export interface Scoring {
  readonly metrics: Readonly<Record<string, Metric>>;
  outcome(record: AnswerRecord): Outcome;
}
