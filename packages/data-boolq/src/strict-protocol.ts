import type { Protocol } from "@mlan/core";
import { accuracy, bestAnswerPrompt, strictYesNo, yesNoChoices } from "@mlan/data-kit";
import type { BoolqQuestion } from "./boolq.ts";

/**
 * The paper's question in the form that each model knows (the tuned one in its conversation template), with the
 * begin-of-sequence token; the answer's first line is trimmed and must be yes or no.
 */
export const strictProtocol: Protocol<BoolqQuestion> = {
  name: "strict",
  version: 1,
  prompt: ({ passage, question }, family) =>
    bestAnswerPrompt(
      `Context: ${passage}\nQuestion: ${question}?\nPlease answer the question with 'yes' or 'no'.`,
      family,
    ),
  choices: () => yesNoChoices,
  maximumNewTokens: 20,
  extractor: () => strictYesNo,
  metrics: { accuracy },
};
