import type { Choice, Protocol } from "@mlan/core";
import { accuracy, bestAnswerPrompt, choiceLines, strictChoice, strip } from "@mlan/data-kit";
import { cleanUp } from "./clean-up.ts";
import type { HellaswagQuestion } from "./hellaswag.ts";

/**
 * The paper's question in the form that each model knows (the tuned one in its conversation template), with the
 * begin-of-sequence token; context and endings are cleaned each by itself, never the prompt; the answer's first line is
 * trimmed and must be a label or the text of one choice.
 */
export const strictProtocol: Protocol<HellaswagQuestion> = {
  name: "strict",
  version: 1,
  prompt: (question, family) =>
    bestAnswerPrompt(
      `${strip(question.context)} Choose the best option from the choices provided to complete the sentence:\n` +
        choiceLines(choicesOf(question)),
      family,
    ),
  choices: choicesOf,
  maximumNewTokens: 20,
  extractor: () => strictChoice,
  metrics: { accuracy },
};

function choicesOf({ choices }: HellaswagQuestion): readonly Choice[] {
  return choices.map(({ label, text }) => ({ label, text: strip(cleanUp(text)) }));
}
