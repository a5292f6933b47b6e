import type { Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import {
  accuracy,
  choiceLines,
  exactMatch,
  lead,
  mapByText,
  rawPrompt,
  strip,
  v1Prompt,
  v1PromptAfterImage,
} from "@mlan/data-kit";
import { contextOf, imageLine } from "./prompt-parts.ts";
import type { ScienceqaQuestion } from "./scienceqa.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 1,
  stop: [],
  extract: (answer, choices) => strip(mapByText(lead(answer, '.,:"\n\r'), choices)) || undefined,
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
};

/**
 * The tasks `sciq_llava_plain`, `sciq_llama_plain` and `sciq_vicuna_plain` of the original vision harness: an image
 * stands before the whole prompt, eight tokens are generated, and no stop string applies.
 */
export const paperProtocol: Protocol<ScienceqaQuestion> = {
  name: "paper",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: ({ choices }) => choices,
  maximumNewTokens: 8,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: ScienceqaQuestion) => Prompt>> = {
  tuned(question) {
    const prompt = question.images.length > 0 ? v1PromptAfterImage : v1Prompt;
    const asked = `Question: ${question.question} Choose the best option from below:`;
    return prompt(`${contextOf(question)}${asked}\n${choiceLines(question.choices)}\n`, 'The answer is "');
  },
  "llama2-base": (question) =>
    rawPrompt(
      `${imageLine(question)}${contextOf(question)}Question: ${question.question} Choose the best option from below:\n` +
        `${choiceLines(question.choices)}\nAnswer: The best answer is "`,
    ),
  "vicuna-base": (question) =>
    rawPrompt(
      `${imageLine(question)}User: ${contextOf(question)}${question.question} ` +
        `Choose the best option from the choices provided:\n${choiceLines(question.choices)}\n` +
        'Assistant: The best answer is "',
    ),
};
