import type { Extractor, Prompt, PromptFamily, Protocol } from "@mlan/core";
import {
  accuracy,
  digitToNumber,
  exactMatch,
  lead,
  visionHarnessPrompt,
  saysYesOrNo,
  strip,
  trueFalse,
  v1Prompt,
  yesNoChoices,
} from "@mlan/data-kit";
import type { GqaQuestion } from "./gqa.ts";

/** A newline does not end the answer. */
const paperExtractor: Extractor = extractorOf("paper", '.,:"');
/** `gqa_llama_plain` has a regular expression of its own, which stops at the end of a line. */
const llama2Extractor: Extractor = extractorOf("paper-llama2-base", '.,:"\n\r');

/**
 * The tasks `gqa_llava_plain`, `gqa_llama_plain` and `gqa_vicuna_plain` of the original vision harness: the image
 * stands before the whole prompt, eight tokens are generated, and no stop string applies. The published answer decides
 * which question is asked with "yes" or "no", by containing one of them: "snow" does.
 */
export const paperProtocol: Protocol<GqaQuestion> = {
  name: "paper",
  version: 1,
  prompt: (question, family) => PROMPTS[family](question),
  // Of the tuned model's prompt; those of the bases differ from it for answers in capitals only.
  choices: ({ target }) => (saysYesOrNo(target.toLowerCase()) ? yesNoChoices : []),
  maximumNewTokens: 8,
  extractor: (family) => (family === "llama2-base" ? llama2Extractor : paperExtractor),
  metrics: { accuracy },
};

const PROMPTS: Readonly<Record<PromptFamily, (question: GqaQuestion) => Prompt>> = {
  tuned: ({ question, target }) =>
    v1Prompt(
      saysYesOrNo(target.toLowerCase())
        ? `Please answer the question with "yes" or "no". ${question}\n`
        : `Please provide a short answer to the question: ${question}\n`,
      'The best answer is "',
    ),
  "llama2-base": ({ question, target }) =>
    visionHarnessPrompt(
      saysYesOrNo(target)
        ? `Question: ${question}\nAnswer: Among "yes" and "no", the best answer is "`
        : `Question: Please provide a short answer to the question: ${question}\nAnswer: The best answer is "`,
    ),
  "vicuna-base": ({ question, target }) =>
    visionHarnessPrompt(
      saysYesOrNo(target)
        ? `User: ${question} Please answer the question with "yes" or "no".\nAssistant: The best answer is "`
        : `User: ${question}\nAssistant: The best answer is "`,
    ),
};

function extractorOf(name: string, ends: string): Extractor {
  return {
    name,
    version: 2,
    stop: [],
    extract: (answer) => strip(digitToNumber(trueFalse(lead(answer, ends)))) || undefined,
    isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
  };
}
