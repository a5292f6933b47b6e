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
import type { Ai2dQuestion } from "./ai2d.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: [],
  extract: (answer, choices) =>
    strip(mapByText(lead(answer, '.,:"\n\r'), choices, { ignorePunctuation: true })) || undefined,
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
};

/**
 * The tasks `ai2d_llava_plain`, `ai2d_llama_plain` and `ai2d_vicuna_plain` of the original vision harness: the image
 * stands before the whole prompt, eight tokens are generated, and no stop string applies. Four options are offered, A to
 * D; the original fails at a question whose answer is a fifth.
 */
export const paperProtocol: Protocol<Ai2dQuestion> = {
  name: "paper",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  choices: ({ choices }) => offered(choices),
  maximumNewTokens: 8,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};

function offered(choices: readonly Choice[]): readonly Choice[] {
  return choices.slice(0, 4);
}

const PROMPTS: Readonly<Record<PromptFamily, (question: Ai2dQuestion) => Prompt>> = {
  tuned: ({ question, choices }) =>
    v1Prompt(
      `${question} Choose the best option from below:\n${choiceLines(offered(choices))}\n`,
      'The best answer is "',
    ),
  "llama2-base": ({ question, choices }) =>
    visionHarnessPrompt(
      `<image>\nQuestion: ${question} Choose the best option from below:\n${choiceLines(offered(choices))}\n` +
        'Answer: The best answer is "',
    ),
  "vicuna-base": ({ question, choices }) =>
    visionHarnessPrompt(
      `User: ${question} Choose the best option from the choices provided:\n${choiceLines(offered(choices))}\n` +
        'Assistant: The best answer is "',
    ),
};
