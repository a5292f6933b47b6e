import type { Protocol } from "@mlan/core";
import { accuracy, bestAnswerPrompt, choiceLines, strictChoice } from "@mlan/data-kit";
import type { RaceQuestion } from "./race.ts";

/**
 * The paper's question, still the last one of each article, in the form that each model knows (the tuned one in its
 * conversation template), with the begin-of-sequence token; the answer's first line is trimmed and must be a label or
 * the text of one choice.
 */
export const strictProtocol: Protocol<RaceQuestion> = {
  name: "strict",
  version: 1,
  prompt: ({ article, question, choices }, family) =>
    bestAnswerPrompt(
      `Context: ${article}\nQuestion: ${question}\nChoose the best option from the choices provided:\n` +
        choiceLines(choices),
      family,
    ),
  choices: ({ choices }) => choices,
  maximumNewTokens: 20,
  extractor: () => strictChoice,
  metrics: { accuracy },
};
