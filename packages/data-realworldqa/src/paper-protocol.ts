import type { Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import {
  accuracy,
  choiceLines,
  digitToNumber,
  exactMatch,
  lead,
  mapByText,
  visionHarnessPrompt,
  saysYesOrNo,
  strip,
  trueFalse,
  v1Prompt,
  yesNoChoices,
} from "@mlan/data-kit";
import { paperParts, type QuestionParts } from "./paper-parts.ts";
import type { RealworldqaQuestion } from "./realworldqa.ts";

/** A newline does not end the answer. */
const paperExtractor: Extractor = {
  name: "paper",
  version: 2,
  stop: [],
  extract(answer, choices) {
    // "Yes" and "no" are choices to whoever ranks them; the original maps to options alone, and leaves "No" as it is.
    const options = choices.filter(({ label }) => LABELS.has(label));
    return strip(digitToNumber(trueFalse(mapByText(lead(answer, '.,:"'), options)))) || undefined;
  },
  isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
};

const LABELS = new Set(["A", "B", "C"]);

/**
 * The tasks `realworldqa_llava_plain`, `realworldqa_llama_plain` and `realworldqa_vicuna_plain` of the original vision
 * harness: the image stands in the user's turn for tuned models and before the whole prompt for the bases, sixteen
 * tokens are generated, and no stop string applies. Of questions without options the published answer decides which is
 * asked with "yes" or "no", by containing one of them: "north" does. An answer is right when it is the published one, as
 * that is written: " B" is not "B".
 */
export const paperProtocol: Protocol<RealworldqaQuestion> = {
  name: "paper",
  version: 2,
  prompt: ({ question, target }, family) => PROMPTS[family](paperParts(question), target),
  choices({ question, target }) {
    const { choices } = paperParts(question);
    // Of the tuned model's prompt; those of the bases differ from it for answers in capitals only.
    return choices.length === 0 && saysYesOrNo(target.toLowerCase()) ? yesNoChoices : choices;
  },
  maximumNewTokens: 16,
  extractor: () => paperExtractor,
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (parts: QuestionParts, target: string) => Prompt>> = {
  tuned: (parts, target) => v1Prompt(`<image>\n${askedOfTuned(parts, target)}\n`, 'The best answer is "'),
  "llama2-base": (parts, target) =>
    visionHarnessPrompt(`<image>\nQuestion: ${askedOfLlama2(parts, target)}\nAnswer: The best answer is "`),
  "vicuna-base": (parts, target) =>
    visionHarnessPrompt(`User: ${askedOfVicuna(parts, target)}\nAssistant: The best answer is "`),
};

function askedOfTuned({ question, choices }: QuestionParts, target: string): string {
  if (choices.length > 0) return `${question} Choose the best option from below:\n${choiceLines(choices)}`;
  return saysYesOrNo(target.toLowerCase())
    ? `Please answer the question with "yes" or "no". ${question}`
    : `Please provide a short answer to the question: ${question}`;
}

function askedOfLlama2({ question, choices }: QuestionParts, target: string): string {
  if (choices.length > 0) return `${question} Choose the best option from below:\n${choiceLines(choices)}`;
  return saysYesOrNo(target)
    ? `${question} Please answer the question with "yes" or "no".`
    : `Please provide a short answer to the question: ${question}`;
}

function askedOfVicuna({ question, choices }: QuestionParts, target: string): string {
  if (choices.length > 0) {
    return `${question} Choose the best option from the choices provided:\n${choiceLines(choices)}`;
  }
  return saysYesOrNo(target) ? `${question} Please answer the question with "yes" or "no".` : question;
}
