import type { AnswerRecord, BenchmarkResult, Estimate, EvaluateRun, Protocol } from "@mlan/core";
import type { AnswersHeader } from "./answers-file.ts";
import { estimate } from "./jackknife.ts";
import { outcomeOf } from "./judge.ts";
import type { QuestionSet } from "./question-set.ts";

export interface Answered {
  readonly run: EvaluateRun;
  readonly protocol: Protocol;
  readonly set: QuestionSet;
  /** By question id, every question's. */
  readonly answers: ReadonlyMap<string, AnswerRecord>;
  readonly seconds: number;
}

export function resultOf({ run, protocol, set, answers, seconds }: Answered): BenchmarkResult {
  // In question order, not the order of answering: sums of floats must not depend on how a run was interrupted.
  const records = set.questions.flatMap(({ id }) => answers.get(id) ?? []);
  const outcomes = records.map(outcomeOf);
  const metrics: Record<string, Estimate> = {};
  for (const [name, metric] of Object.entries(protocol.metrics)) metrics[name] = estimate(name, metric, outcomes);
  return {
    benchmark: run.benchmark.name,
    protocol: protocol.name,
    protocolVersion: protocol.version,
    promptFamily: run.model.promptFamily,
    fingerprint: set.fingerprint,
    questions: outcomes.length,
    unreadable: outcomes.filter(({ extracted }) => extracted === undefined).length,
    metrics,
    seconds,
  };
}

/** What the answers of this run are answers to. */
export function headerOf({ benchmark, model }: EvaluateRun, protocol: Protocol, set: QuestionSet): AnswersHeader {
  return {
    format: "mlan-answers",
    version: 1,
    benchmark: benchmark.name,
    protocol: protocol.name,
    protocolVersion: protocol.version,
    promptFamily: model.promptFamily,
    questions: set.questions.length,
    fingerprint: set.fingerprint,
    model: model.fingerprint,
  };
}
