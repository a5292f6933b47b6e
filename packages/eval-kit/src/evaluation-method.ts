import type { AnswerRecord, ChoiceScore, EvaluateRun, Extractor, Metric, Outcome, Protocol } from "@mlan/core";
import type { AskedQuestion, QuestionPlan } from "./question-plan.ts";

/** How an evaluator obtains and reads answers. {@link evaluateQuestions} does the rest. */
export interface EvaluationMethod {
  /** The evaluator's name, used in results and at the start of errors. */
  readonly name: string;
  /** Everything that affects the meaning of the metrics, apart from the name. Part of the protocol's fingerprint. */
  readonly settings: unknown;
  /** Throws, before any question is asked, when the method cannot ask the questions. */
  check?(run: EvaluateRun, plan: QuestionPlan): void;
  /** Returns the extractor for a protocol. `wording` is the name of the model's wording. */
  extractor(protocol: Protocol, wording: string): Extractor;
  /** Yields the answers to all questions of a chunk, in any order. */
  ask(run: EvaluateRun, protocol: Protocol, chunk: readonly AskedQuestion[]): AsyncIterable<NewAnswer>;
  /** Returns at least one scoring. The first metric of the first scoring is the headline number. */
  scorings(protocol: Protocol): readonly Scoring[];
}

export interface NewAnswer {
  readonly id: string;
  readonly answer: string;
  readonly scores?: readonly ChoiceScore[];
  /** Number of positions by which a prompt that was too long was truncated. Default 0. */
  readonly truncatedPositions?: number | undefined;
  /** Number of positions of the prompt, and how many of them were computed for this answer. */
  readonly positions: { readonly prompts: number; readonly computed: number };
}

/** Metrics, and the function that returns the outcome of each answer, from which they are computed. */
export interface Scoring {
  readonly metrics: Readonly<Record<string, Metric>>;
  outcome(record: AnswerRecord): Outcome;
}
