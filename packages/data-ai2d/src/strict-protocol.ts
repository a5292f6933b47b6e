import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, choiceLines, rawPrompt, strictChoice } from "@mlan/data-kit";
import type { Ai2dQuestion } from "./ai2d.ts";

/**
 * The paper's question with the image inside the user's turn, where tuning has it; an answer is tested against the
 * letters before the texts of the options.
 */
export const strictProtocol: Protocol<Ai2dQuestion> = {
  name: "strict",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: ({ choices }) => choices,
  maximumNewTokens: 8,
  extractor: () => strictChoice,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: Ai2dQuestion) => Prompt>> = {
  tuned: ({ question, choices }) => ({
    kind: "chat",
    user: `<image>\n${question} Choose the best option from below:\n${choiceLines(choices)}`,
    answerStart: 'The best answer is "',
  }),
  "llama2-base": ({ question, choices }) =>
    rawPrompt(
      `<image>\nQuestion: ${question} Choose the best option from below:\n${choiceLines(choices)}\n` +
        'Answer: The best answer is "',
    ),
  "vicuna-base": ({ question, choices }) =>
    rawPrompt(
      `User: <image>\n${question} Choose the best option from the choices provided:\n${choiceLines(choices)}\n` +
        'Assistant: The best answer is "',
    ),
};
