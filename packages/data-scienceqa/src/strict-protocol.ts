import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, choiceLines, rawPrompt, strictChoice } from "@mlan/data-kit";
import { contextOf, imageLine } from "./prompt-parts.ts";
import type { ScienceqaQuestion } from "./scienceqa.ts";

/**
 * The paper's question with an image inside the user's turn, where tuning has it; an answer is tested against the
 * letters before the texts of the choices.
 */
export const strictProtocol: Protocol<ScienceqaQuestion> = {
  name: "strict",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: ({ choices }) => choices,
  maximumNewTokens: 8,
  extractor: () => strictChoice,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: ScienceqaQuestion) => Prompt>> = {
  tuned: (question) => ({
    kind: "chat",
    user:
      `${imageLine(question)}${contextOf(question)}Question: ${question.question} ` +
      `Choose the best option from below:\n${choiceLines(question.choices)}`,
    answerStart: 'The answer is "',
  }),
  "llama2-base": (question) =>
    rawPrompt(
      `${imageLine(question)}${contextOf(question)}Question: ${question.question} Choose the best option from below:\n` +
        `${choiceLines(question.choices)}\nAnswer: The best answer is "`,
    ),
  "vicuna-base": (question) =>
    rawPrompt(
      `User: ${imageLine(question)}${contextOf(question)}${question.question} ` +
        `Choose the best option from the choices provided:\n${choiceLines(question.choices)}\n` +
        'Assistant: The best answer is "',
    ),
};
