import type { Choice, Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import {
  accuracy,
  choiceLines,
  exactMatch,
  lead,
  mapByText,
  visionHarnessPrompt,
  strip,
  v1Prompt,
} from "@mlan/data-kit";
import { contextOf, imageLine } from "./prompt-parts.ts";
import type { ScienceqaQuestion } from "./scienceqa.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: [],
  extract: (answer, choices) => strip(mapByText(lead(answer, '.,:"\n\r'), choices)) || undefined,
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
};

/**
 * The tasks `sciq_llava_plain`, `sciq_llama_plain` and `sciq_vicuna_plain` of the original vision harness: an image
 * stands before the whole prompt, eight tokens are generated, and no stop string applies. Five choices are offered, A to
 * E; the original fails at a question whose answer is a sixth.
 */
export const paperProtocol: Protocol<ScienceqaQuestion> = {
  name: "paper",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: offered,
  maximumNewTokens: 8,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};

function offered({ choices }: ScienceqaQuestion): readonly Choice[] {
  return choices.slice(0, 5);
}

const PROMPTS: Readonly<Record<PromptFamily, (question: ScienceqaQuestion) => Prompt>> = {
  tuned(question) {
    const asked = `Question: ${question.question} Choose the best option from below:`;
    const user = `${contextOf(question)}${asked}\n${choiceLines(offered(question))}\n`;
    return v1Prompt(user, 'The answer is "', question.images.length);
  },
  "llama2-base": (question) =>
    visionHarnessPrompt(
      `${imageLine(question)}${contextOf(question)}Question: ${question.question} Choose the best option from below:\n` +
        `${choiceLines(offered(question))}\nAnswer: The best answer is "`,
      question.images.length,
    ),
  "vicuna-base": (question) =>
    visionHarnessPrompt(
      `User: ${contextOf(question)}${question.question} ` +
        `Choose the best option from the choices provided:\n${choiceLines(offered(question))}\n` +
        'Assistant: The best answer is "',
      question.images.length,
    ),
};
