import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import type { Exercise } from "./exercise.ts";
import { letterAt } from "./offer.ts";
import { CHOICE_PHRASES, SHORT_ANSWER_PHRASES, YES_NO_PHRASES } from "./phrases.ts";

/** The user's text without its context, and the assistant's answer. */
export interface Instruction {
  readonly request: string;
  readonly answer: string;
}

/**
 * Phrases an exercise with one of the recipe's phrases, in the recipe's order or with the phrase after the question.
 * A third of the yes/no questions ask for a short answer, so that yes and no are not tied to one kind of phrase.
 */
export function instruct(random: Random, exercise: Exercise): Instruction {
  const { question } = exercise;
  const answer = choose(random, ANSWERS)(exercise.answer);
  if (exercise.kind === "choice") {
    const lines = exercise.choices.map((text, index) => `${letterAt(index)}: ${text}`);
    const phrase = choose(random, CHOICE_PHRASES);
    return { request: [`${question}${choose(random, [" ", "\n"])}${phrase}`, ...lines].join("\n"), answer };
  }
  if (exercise.kind === "short" || happens(random, 0.33)) {
    const phrase = choose(random, SHORT_ANSWER_PHRASES);
    return { request: `${phrase}${choose(random, [" ", "\n"])}${question}`, answer };
  }
  const phrase = choose(random, YES_NO_PHRASES);
  const quoted = happens(random, 0.5) ? phrase : phrase.replaceAll("'", '"');
  const parts = happens(random, 0.5) ? [quoted, question] : [question, quoted];
  return { request: parts.join(choose(random, [" ", "\n"])), answer };
}

/** Sentences that end with the answer; never in a benchmark's phrasing ("The best answer is"). */
const ANSWERS: readonly ((answer: string) => string)[] = [
  (answer) => `The right answer is "${answer}".`,
  (answer) => `The correct answer is "${answer}".`,
];
