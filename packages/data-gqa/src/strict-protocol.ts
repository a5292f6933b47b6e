import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, rawPrompt, strictShortAnswer } from "@mlan/data-kit";
import type { GqaQuestion } from "./gqa.ts";

/**
 * Every question asks for a short answer, in the paper's wording: none tells by its form what the published answer is.
 * The image is inside the user's turn, where tuning has it.
 */
export const strictProtocol: Protocol<GqaQuestion> = {
  name: "strict",
  version: 1,
  prompt: ({ question }, family) => PROMPTS[family](question),
  choices: () => [],
  maximumNewTokens: 8,
  extractor: () => strictShortAnswer,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: string) => Prompt>> = {
  tuned: (question) => ({
    kind: "chat",
    user: `<image>\nPlease provide a short answer to the question: ${question}`,
    answerStart: 'The best answer is "',
  }),
  "llama2-base": (question) =>
    rawPrompt(
      `<image>\nQuestion: Please provide a short answer to the question: ${question}\nAnswer: The best answer is "`,
    ),
  "vicuna-base": (question) => rawPrompt(`User: <image>\n${question}\nAssistant: The best answer is "`),
};
