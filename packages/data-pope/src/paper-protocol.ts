import type { Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, lead, strip, trueFalse } from "@mlan/data-kit";
import { f1, goldYesRatio, precision, recallAmongAnswered } from "./metrics.ts";
import type { PopeQuestion } from "./pope.ts";

/**
 * The tasks `pope_llava_plain`, `pope_llama_plain` and `pope_vicuna_plain` of the original vision harness: the image
 * stands before the whole prompt, four tokens are generated, and no stop string applies.
 */
export const paperProtocol: Protocol<PopeQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ question }, family) => PROMPTS[family](question),
  maximumNewTokens: 4,
  stop: [],
  extract(answer) {
    const text = strip(trueFalse(lead(answer, '.,:"\n\r'))).toLowerCase();
    return text === "" ? undefined : text;
  },
  isCorrect: (extracted, { target }) => extracted === target,
  metrics: { accuracy, precision, recall: recallAmongAnswered, f1: f1(recallAmongAnswered), yes_ratio: goldYesRatio },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: string) => Prompt>> = {
  tuned: (question) =>
    raw(
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, " +
        `and polite answers to the user's questions. USER: Please answer with "yes" or "no":\n${question}\n` +
        ' ASSISTANT: The best answer is "',
    ),
  "llama2-base": (question) => raw(`Question: ${question}\nAnswer: Among "yes" and "no", the best answer is "`),
  "vicuna-base": (question) => raw(`User:\n${question}\nAssistant: Among "yes" and "no", the best answer is "`),
};

function raw(text: string): Prompt {
  return { kind: "raw", text: `<image>\n${text}`, beginOfSequence: true };
}
