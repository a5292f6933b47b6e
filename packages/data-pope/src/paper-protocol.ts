import type { Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, lead, visionHarnessPrompt, strip, trueFalse, v1Prompt, yesNoChoices } from "@mlan/data-kit";
import { f1, goldYesRatio, precision, recallAmongAnswered } from "./metrics.ts";
import type { PopeQuestion } from "./pope.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 1,
  stop: [],
  extract(answer) {
    const text = strip(trueFalse(lead(answer, '.,:"\n\r'))).toLowerCase();
    return text === "" ? undefined : text;
  },
  isCorrect: (extracted, target) => extracted === target,
};

/**
 * The tasks `pope_llava_plain`, `pope_llama_plain` and `pope_vicuna_plain` of the original vision harness: the image
 * stands before the whole prompt, four tokens are generated, and no stop string applies.
 */
export const paperProtocol: Protocol<PopeQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ question }, family) => PROMPTS[family](question),
  choices: () => yesNoChoices,
  maximumNewTokens: 4,
  extractor: () => paperExtractor,
  metrics: { accuracy, precision, recall: recallAmongAnswered, f1: f1(recallAmongAnswered), yes_ratio: goldYesRatio },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: string) => Prompt>> = {
  tuned: (question) => v1Prompt(`Please answer with "yes" or "no":\n${question}\n`, 'The best answer is "'),
  "llama2-base": (question) =>
    visionHarnessPrompt(`Question: ${question}\nAnswer: Among "yes" and "no", the best answer is "`),
  "vicuna-base": (question) =>
    visionHarnessPrompt(`User:\n${question}\nAssistant: Among "yes" and "no", the best answer is "`),
};
