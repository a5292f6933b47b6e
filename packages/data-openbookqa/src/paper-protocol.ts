import type { Extractor, Protocol } from "@mlan/core";
import { accuracy, choiceLines, exactMatch, harnessPrompt, harnessStop, mapByWords } from "@mlan/data-kit";
import type { OpenbookqaQuestion } from "./openbookqa.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: harnessStop,
  extract: (answer, choices) => (answer === "" ? undefined : mapByWords(answer, choices)),
  // Alone among the harness's four tasks, this one counts case: "a" is wrong where "A" is right.
  isCorrect: (extracted, target) => exactMatch(extracted, target),
};

/**
 * The task `openbookqa_em` of the original language harness: one wording for tuned and untuned models, without the
 * begin-of-sequence token; the answer is not trimmed, so " A" is wrong.
 */
export const paperProtocol: Protocol<OpenbookqaQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ stem, choices }) =>
    harnessPrompt(
      `User: ${stem} Choose the best option from the choices provided:\n${choiceLines(choices)}\n` +
        'Assistant: The best answer is"',
    ),
  choices: ({ choices }) => choices,
  maximumNewTokens: 20,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};
