import type { Extractor, Protocol } from "@mlan/core";
import { accuracy, exactMatch, harnessPrompt, harnessStop, trueFalse, yesNoChoices } from "@mlan/data-kit";
import type { BoolqQuestion } from "./boolq.ts";

const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: harnessStop,
  extract: (answer) => (answer === "" ? undefined : trueFalse(answer)),
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true }),
};

/**
 * The task `boolq_em` of the original language harness: one wording for tuned and untuned models, without the
 * begin-of-sequence token; the answer is not trimmed, so " yes" is wrong.
 */
export const paperProtocol: Protocol<BoolqQuestion> = {
  name: "paper",
  version: 1,
  prompt: ({ passage, question }) =>
    harnessPrompt(
      `User: Context: ${passage}\nQuestion: ${question}?\n` +
        `Please answer the question with 'yes' or 'no'.\nAssistant: The best answer is"`,
    ),
  choices: () => yesNoChoices,
  maximumNewTokens: 20,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};
