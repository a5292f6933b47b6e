import {
  type AnswerRecord,
  type BenchmarkResult,
  createScope,
  EVALUATOR,
  type EvaluateRun,
  type Evaluator,
  type Plugin,
} from "@mlan/core";

export interface Evaluated {
  /** Answers by question id. */
  readonly answers: ReadonlyMap<string, AnswerRecord>;
  readonly result: BenchmarkResult;
}

/** Runs an evaluation to its end. */
export async function evaluated(evaluator: Plugin<Evaluator>, run: EvaluateRun): Promise<Evaluated> {
  const answers = new Map<string, AnswerRecord>();
  for await (const event of createScope([evaluator]).get(EVALUATOR).evaluate(run)) {
    if (event.type === "question-answered") answers.set(event.answer.id, event.answer);
    if (event.type === "evaluate-end") return { answers, result: event.result };
  }
  throw new Error("The evaluation has no end.");
}
