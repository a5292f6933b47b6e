import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, yesNo } from "@mlan/data-kit";
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
  maximumNewTokens: 4,
  // Not the newline: an answer may begin with one, so `extract` cuts there after trimming.
  stop: ['"', ".", ",", ":"],
  extract: (answer) => yesNo(answer),
  isCorrect: (extracted, { target }) => extracted === target,
  metrics: { accuracy, precision, recall, f1: f1(recall), yes_ratio: predictedYesRatio },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: string) => Prompt>> = {
  tuned: (question) => ({
    kind: "chat",
    user: `<image>\nPlease answer with "yes" or "no":\n${question}`,
    answerStart: 'The best answer is "',
  }),
  "llama2-base": (question) =>
    raw(`<image>\nQuestion: ${question}\nAnswer: Among "yes" and "no", the best answer is "`),
  "vicuna-base": (question) => raw(`User: <image>\n${question}\nAssistant: Among "yes" and "no", the best answer is "`),
};

function raw(text: string): Prompt {
  return { kind: "raw", text, beginOfSequence: true };
}
