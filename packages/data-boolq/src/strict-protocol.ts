import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, rawPrompt, strictYesNo, yesNoChoices } from "@mlan/data-kit";
import type { BoolqQuestion } from "./boolq.ts";

/**
 * The paper's question in the form that each model knows (the tuned one in its conversation template), with the
 * begin-of-sequence token; the answer's first line is trimmed and must be yes or no.
 */
export const strictProtocol: Protocol<BoolqQuestion> = {
  name: "strict",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: () => yesNoChoices,
  maximumNewTokens: 20,
  extractor: () => strictYesNo,
  metrics: { accuracy },
};

/** The bases are asked in the wording that the original code uses for them on the vision benchmarks. */
const PROMPTS: Readonly<Record<PromptFamily, (question: BoolqQuestion) => Prompt>> = {
  tuned: (question) => ({ kind: "chat", user: asked(question), answerStart: 'The best answer is "' }),
  "llama2-base": (question) => rawPrompt(`${asked(question)}\nAnswer: The best answer is "`),
  "vicuna-base": (question) => rawPrompt(`User: ${asked(question)}\nAssistant: The best answer is "`),
};

function asked({ passage, question }: BoolqQuestion): string {
  return `Context: ${passage}\nQuestion: ${question}?\nPlease answer the question with 'yes' or 'no'.`;
}
