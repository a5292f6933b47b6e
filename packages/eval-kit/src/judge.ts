import {
  type AnswerRecord,
  beforeStop,
  type Choice,
  type ChoiceScore,
  type Extractor,
  type Outcome,
  type Protocol,
  type Question,
} from "@mlan/core";

/** An answer, and what it is an answer to. */
export interface Answered extends Pick<Question, "id" | "target" | "cluster"> {
  readonly answer: string;
  /** As the prompt offered them. */
  readonly choices?: readonly Choice[];
  readonly scores?: readonly ChoiceScore[];
}

/** The right answer to a question as a protocol's extractor would give it. */
export function targetOf(protocol: Protocol, question: Question): string {
  return protocol.target?.(question) ?? question.target;
}

/** Reads and judges an answer as generated. */
export function judge(extractor: Extractor, answered: Answered): AnswerRecord {
  const { id, answer, target, cluster, choices = [], scores } = answered;
  const extracted = extractor.extract(beforeStop(answer, extractor.stop), choices);
  return {
    id,
    answer,
    extracted: extracted ?? null,
    target,
    correct: extracted !== undefined && extractor.isCorrect(extracted, target),
    ...(cluster !== undefined && { cluster }),
    ...(choices.length > 0 && { choices }),
    ...(scores && { scores }),
  };
}

/** The record as metrics see it. */
export function outcomeOf({ id, target, extracted, correct, cluster }: AnswerRecord): Outcome {
  return { id, target, extracted: extracted ?? undefined, correct, ...(cluster !== undefined && { cluster }) };
}
