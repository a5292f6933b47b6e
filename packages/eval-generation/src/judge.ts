import type { AnswerRecord, Outcome, Protocol, Question } from "@mlan/core";
import { cutAtStop } from "./cut-at-stop.ts";

/** Reads and judges an answer as generated. */
export function judge(protocol: Protocol, question: Question, answer: string): AnswerRecord {
  const extracted = protocol.extract(cutAtStop(answer, protocol.stop), question);
  return {
    id: question.id,
    answer,
    extracted: extracted ?? null,
    target: question.target,
    correct: extracted !== undefined && protocol.isCorrect(extracted, question),
    ...(question.cluster !== undefined && { cluster: question.cluster }),
  };
}

/** The record as metrics see it. */
export function outcomeOf({ id, target, extracted, correct, cluster }: AnswerRecord): Outcome {
  return { id, target, extracted: extracted ?? undefined, correct, ...(cluster !== undefined && { cluster }) };
}
