import type { AnswerRecord, ChoiceScore, EvaluateRun, Extractor, Metric, Outcome, Protocol } from "@mlan/core";
import type { AskedQuestion, QuestionPlan } from "./question-plan.ts";

/** How an evaluator obtains and reads answers. `evaluateQuestions` does the rest. */
export interface EvaluationMethod {
  /** The name of the evaluator, used in results and at the start of errors. */
  readonly name: string;
  /** Everything else that affects the meaning of the metrics; part of the protocol's fingerprint. */
  readonly settings: unknown;
  /** Throws, before any question is asked, when questions cannot be asked this way. */
  check?(run: EvaluateRun, plan: QuestionPlan): void;
  /** Returns the extractor for a protocol. `wording` is the name of the model's wording. */
  extractor(protocol: Protocol, wording: string): Extractor;
  /** Yields the answers to all questions of a chunk, in any order. */
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
  /** Number of positions in its prompt, and how many of them were computed for it. */
  readonly positions: { readonly prompts: number; readonly computed: number };
}

/** Metrics, and what they see of an answer. */
export interface Scoring {
  readonly metrics: Readonly<Record<string, Metric>>;
  outcome(record: AnswerRecord): Outcome;
}
