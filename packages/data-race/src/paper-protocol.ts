import type { Extractor, Protocol } from "@mlan/core";
import { accuracy, choiceLines, exactMatch, harnessPrompt, harnessStop, mapByWords } from "@mlan/data-kit";
import type { RaceQuestion } from "./race.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: harnessStop,
  extract: (answer, choices) => (answer === "" ? undefined : mapByWords(answer, choices)),
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true }),
};

/**
 * The task `race_em` of the original language harness: one wording for tuned and untuned models, without the
 * begin-of-sequence token; the answer is not trimmed, so " A" is wrong.
 */
export const paperProtocol: Protocol<RaceQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ article, question, choices }) =>
    harnessPrompt(
      `User: Context: ${article}\nQuestion: ${question}\nChoose the best option from the choices provided:\n` +
        `${choiceLines(choices)}\nAssistant: The best answer is"`,
    ),
  choices: ({ choices }) => choices,
  maximumNewTokens: 20,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};
