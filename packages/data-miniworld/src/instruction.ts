import type { Random } from "@mlan/core";
import { choose, happens } from "./choose.ts";
import type { Exercise } from "./exercise.ts";
import { CHOICE_PHRASES, SHORT_ANSWER_PHRASES, YES_NO_PHRASES } from "./phrases.ts";

/** The user's text without its context, and the assistant's answer. */
export interface Instruction {
  readonly request: string;
  readonly answer: string;
}

/**
 * Phrases an exercise with one of the recipe's phrases, in the recipe's order or with the phrase after the question.
 */
export function instruct(random: Random, exercise: Exercise): Instruction {
  const { question } = exercise;
  if (exercise.kind === "choice") {
    const lines = exercise.choices.map((text, index) => `${"ABC".charAt(index)}: ${text}`);
    return {
      request: [`${question} ${choose(random, CHOICE_PHRASES)}`, ...lines].join("\n"),
      answer: say(random, exercise.answer),
    };
  }
  if (exercise.kind === "short") {
    return { request: `${choose(random, SHORT_ANSWER_PHRASES)}\n${question}`, answer: say(random, exercise.answer) };
  }
  const phrase = choose(random, YES_NO_PHRASES);
  const quoted = happens(random, 0.5) ? phrase : phrase.replaceAll("'", '"');
  const parts = happens(random, 0.5) ? [quoted, question] : [question, quoted];
  return { request: parts.join("\n"), answer: say(random, exercise.answer) };
}

/** Returns the bare answer or a sentence that ends with it; never in a benchmark's phrasing ("The best answer is"). */
function say(random: Random, answer: string): string {
  return choose(random, ANSWERS)(answer);
}

const ANSWERS: readonly ((answer: string) => string)[] = [
  (answer) => answer,
  (answer) => answer,
  (answer) => `The answer is "${answer}".`,
  (answer) => `The right answer is "${answer}".`,
  (answer) => `The correct answer is "${answer}".`,
  (answer) => `My answer is "${answer}".`,
];
