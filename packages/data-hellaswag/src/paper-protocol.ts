import type { Extractor, Protocol } from "@mlan/core";
import { accuracy, choiceLines, exactMatch, harnessPrompt, harnessStop, mapByWords } from "@mlan/data-kit";
import { cleanUp } from "./clean-up.ts";
import type { HellaswagQuestion } from "./hellaswag.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: harnessStop,
  extract: (answer, choices) => (answer === "" ? undefined : mapByWords(answer, choices, { cleanTwice: true })),
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true }),
};

/**
 * The task `hellaswag_em` of the original language harness: one wording for tuned and untuned models, without the
 * begin-of-sequence token; the clean-up runs over the whole prompt, endings included, and again over its context; the
 * answer is not trimmed, so " A" is wrong.
 */
export const paperProtocol: Protocol<HellaswagQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ context, choices }) =>
    harnessPrompt(
      cleanUp(
        `User: ${context} Choose the best option from the choices provided to complete the sentence:\n` +
          `${choiceLines(choices)}\nAssistant: The best answer is"`,
      ),
    ),
  choices: ({ choices }) => choices.map(({ label, text }) => ({ label, text: cleanUp(text) })),
  maximumNewTokens: 20,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};
