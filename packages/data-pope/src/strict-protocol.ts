import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, rawPrompt, strictYesNo, yesNoChoices } from "@mlan/data-kit";
import { f1, precision, predictedYesRatio, recall } from "./metrics.ts";
import type { PopeQuestion } from "./pope.ts";

/**
 * The paper's question with the image inside the user's turn, where tuning has it; an answer that is neither yes nor no
 * counts as no prediction of "yes", and is never correct.
 */
export const strictProtocol: Protocol<PopeQuestion> = {
  name: "strict",
  version: 1,
  prompt: ({ question }, family) => PROMPTS[family](question),
  choices: () => yesNoChoices,
  maximumNewTokens: 4,
  extractor: () => strictYesNo,
  metrics: { accuracy, precision, recall, f1: f1(recall), yes_ratio: predictedYesRatio },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: string) => Prompt>> = {
  tuned: (question) => ({
    kind: "chat",
    user: `<image>\nPlease answer with "yes" or "no":\n${question}`,
    answerStart: 'The best answer is "',
  }),
  "llama2-base": (question) =>
    rawPrompt(`<image>\nQuestion: ${question}\nAnswer: Among "yes" and "no", the best answer is "`),
  "vicuna-base": (question) =>
    rawPrompt(`User: <image>\n${question}\nAssistant: Among "yes" and "no", the best answer is "`),
};
