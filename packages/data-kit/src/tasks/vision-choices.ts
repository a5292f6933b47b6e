import type { Choice, Question } from "@mlan/core";
import { mapByText, type MapByTextOptions } from "../answers/paper-answers.ts";
import { strictChoice } from "../answers/strict-extractors.ts";
import type { AskingDefinition, JudgingDefinition, PromptDefinition } from "../benchmarks/protocol-definition.ts";
import { choiceLines } from "../prompts/choice-lines.ts";
import { visionAsking, visionExtractor, visionPrompts, type VisionWords } from "./vision-task.ts";

export interface OfferedChoices {
  /** Text before the question, including its line break. Default: none. */
  readonly context?: string;
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** Returns the texts of a multiple-choice question, as in the original vision tasks. */
export function choiceWords({ context = "", question, choices }: OfferedChoices): VisionWords {
  const below = `${question} Choose the best option from below:\n${choiceLines(choices)}`;
  const provided = `${question} Choose the best option from the choices provided:\n${choiceLines(choices)}`;
  return {
    tuned: { user: `${context}${below}`, answerStart: BEST },
    "llama2-base": { user: `${context}Question: ${below}`, answerStart: BEST },
    "vicuna-base": { user: `${context}${provided}`, answerStart: BEST },
  };
}

const BEST = 'The best answer is "';

export interface VisionChoiceTask<Q extends Question> extends MapByTextOptions {
  /** Returns the texts of a question, including its choices. */
  words(question: Q): VisionWords;
  /**
   * Maximum number of choices that the original code offers. The original code fails on a question whose correct answer
   * is a later choice.
   */
  readonly offered: number;
}

export type VisionChoiceProtocols<Q extends Question> = Readonly<{
  paper: JudgingDefinition<Q> & PromptDefinition<Q>;
  strict: JudgingDefinition<Q> & AskingDefinition<Q>;
}>;

/**
 * Creates the protocols `paper` and `strict` of a multiple-choice task of the original vision harness. Answers have at
 * most eight tokens. `paper`: the images come before the whole prompt, and there are no stop strings. `strict`: all
 * choices are offered, images are inside the user's turn as in tuning, and an answer is compared first with the
 * letters, then with the texts of the choices.
 */
export function visionChoiceProtocols<Q extends Question>(task: VisionChoiceTask<Q>): VisionChoiceProtocols<Q> {
  const { words, offered, ignorePunctuation = false } = task;
  const choices = (question: Q): readonly Choice[] => (question.choices ?? []).slice(0, offered);
  const shared = { version: 1, maximumNewTokens: 8 };
  return {
    paper: {
      ...shared,
      prompt: visionPrompts((question: Q) => words({ ...question, choices: choices(question) }), ["llama2-base"]),
      choices,
      extractor: visionExtractor((answer, known) => mapByText(answer, known, { ignorePunctuation })),
      allowsUnanswerable: true,
    },
    strict: { ...shared, ...visionAsking(words), extractor: strictChoice },
  };
}
