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

/** An answer with the fields of its question. */
export interface Answered extends Pick<Question, "id" | "target" | "cluster"> {
  readonly answer: string;
  /** The choices in the order of the prompt. */
  readonly choices?: readonly Choice[];
  readonly scores?: readonly ChoiceScore[];
}

/** Returns the correct answer to a question, in the form that the protocol's extractor returns. */
export function targetOf(protocol: Protocol, question: Question): string {
  return protocol.target?.(question) ?? question.target;
}

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

/** Returns those fields of a record that metrics use. */
export function outcomeOf({ id, target, extracted, correct, cluster }: AnswerRecord): Outcome {
  return { id, target, extracted: extracted ?? undefined, correct, ...(cluster !== undefined && { cluster }) };
}
