import type { Protocol } from "@mlan/core";
import { accuracy, bestAnswerPrompt, choiceLines, strictChoice } from "@mlan/data-kit";
import type { OpenbookqaQuestion } from "./openbookqa.ts";

/**
 * The paper's question in the form that each model knows (the tuned one in its conversation template), with the
 * begin-of-sequence token; the answer's first line is trimmed and must be a label, in any case, or the text of one
 * choice.
 */
export const strictProtocol: Protocol<OpenbookqaQuestion> = {
  name: "strict",
  version: 1,
  prompt: ({ stem, choices }, family) =>
    bestAnswerPrompt(`${stem} Choose the best option from the choices provided:\n${choiceLines(choices)}`, family),
  choices: ({ choices }) => choices,
  maximumNewTokens: 20,
  extractor: () => strictChoice,
  metrics: { accuracy },
};
