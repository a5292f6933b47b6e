import type { Prompt, PromptFamily } from "@mlan/core";
import { rawPrompt } from "./raw-prompt.ts";

/**
 * The `strict` form of a language question: a tuned model is asked in its own template, the bases in the wording that
 * the original code uses for them on its vision benchmarks; all after the begin-of-sequence token.
 */
export function bestAnswerPrompt(asked: string, family: PromptFamily): Prompt {
  return FORMS[family](asked);
}

const FORMS: Readonly<Record<PromptFamily, (asked: string) => Prompt>> = {
  tuned: (asked) => ({ kind: "chat", user: asked, answerStart: 'The best answer is "' }),
  "llama2-base": (asked) => rawPrompt(`${asked}\nAnswer: The best answer is "`),
  "vicuna-base": (asked) => rawPrompt(`User: ${asked}\nAssistant: The best answer is "`),
};
