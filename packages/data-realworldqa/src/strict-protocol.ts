import type { Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import { accuracy, choiceLines, rawPrompt, strictChoice, strictShortAnswer } from "@mlan/data-kit";
import type { QuestionParts } from "./paper-parts.ts";
import type { RealworldqaQuestion } from "./realworldqa.ts";
import { strictParts } from "./strict-parts.ts";
import { strictQuestion } from "./strict-question.ts";

/** Letters and options where there are options, a short answer elsewhere; both end at the same stop strings. */
const strictExtractor: Extractor = {
  name: "strict",
  version: 1,
  stop: strictShortAnswer.stop,
  extract: (answer, choices) => (choices.length > 0 ? strictChoice : strictShortAnswer).extract(answer, choices),
  isCorrect: strictShortAnswer.isCorrect,
};

/**
 * All options are offered, under their own letters; a question without options asks for a short answer, whatever the
 * published one is. The image is inside the user's turn in every wording. A question whose options cannot be read is an
 * error that names it.
 */
export const strictProtocol: Protocol<RealworldqaQuestion> = {
  name: "strict",
  version: 2,
  prompt: (question, family) => PROMPTS[family](strictQuestion(question)),
  choices: ({ question }) => strictParts(question).choices,
  target: (question) => strictQuestion(question).target,
  maximumNewTokens: 16,
  extractor: () => strictExtractor,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (parts: QuestionParts) => Prompt>> = {
  tuned: (parts) => ({ kind: "chat", user: `<image>\n${asked(parts)}`, answerStart: 'The best answer is "' }),
  "llama2-base": (parts) => rawPrompt(`<image>\nQuestion: ${asked(parts)}\nAnswer: The best answer is "`),
  "vicuna-base": ({ question, choices }) =>
    rawPrompt(
      choices.length > 0
        ? `User: <image>\n${question} Choose the best option from the choices provided:\n${choiceLines(choices)}\n` +
            'Assistant: The best answer is "'
        : `User: <image>\n${question}\nAssistant: The best answer is "`,
    ),
};

function asked({ question, choices }: QuestionParts): string {
  return choices.length > 0
    ? `${question} Choose the best option from below:\n${choiceLines(choices)}`
    : `Please provide a short answer to the question: ${question}`;
}
