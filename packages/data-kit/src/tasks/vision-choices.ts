import type { Choice, Question } from "@mlan/core";
import { mapByText, type MapByTextOptions } from "../answers/paper-answers.ts";
import { strictChoice } from "../answers/strict-extractors.ts";
import type { AskingDefinition, JudgingDefinition, PromptDefinition } from "../benchmarks/protocol-definition.ts";
import { choiceLines } from "../prompts/choice-lines.ts";
import { visionAsking, visionExtractor, visionPrompts, type VisionWords } from "./vision-task.ts";

export interface OfferedChoices {
  /** What the question is about, with the end of its line. Default: nothing. */
  readonly context?: string;
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** A question of several choices in the words of the original vision tasks. */
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
  /** The question in words, with its `choices`. */
  words(question: Q): VisionWords;
  /** Choices that the original offers at most; it fails at a question whose answer is a later one. */
  readonly offered: number;
}

export type VisionChoiceProtocols<Q extends Question> = Readonly<{
  paper: JudgingDefinition<Q> & PromptDefinition<Q>;
  strict: JudgingDefinition<Q> & AskingDefinition<Q>;
}>;

/**
 * Both protocols of a multiple-choice task of the original vision harness, eight tokens long. `paper`: the images come before
 * the whole prompt, and no stop string applies. `strict`: all choices are offered, images are inside the user's turn, where
 * tuning has them, and an answer is compared with the letters before the texts of the choices.
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
