import { type Choice, type Extractor, imagesInFront, type Prompt, type Question, stripAsPython } from "@mlan/core";
import { exactMatch } from "../answers/metrics.ts";
import { textBefore } from "../answers/paper-answers.ts";
import type { QuestionWords, AskingDefinition } from "../benchmarks/protocol-definition.ts";
import { v1Prompt, visionHarnessPrompt } from "../prompts/raw-prompt.ts";

/** The wordings of the original vision tasks `*_llava_plain`, `*_llama_plain` and `*_vicuna_plain`. */
export type VisionWording = "tuned" | "llama2-base" | "vicuna-base";

/** The texts of a question by the model's wording, as in the original vision tasks. */
export type VisionWords = Readonly<Record<VisionWording, QuestionWords>>;

/** Asks the two untuned base models with their own texts, and every other model with the texts for tuned models. */
export function visionAsking<Q extends Question>(words: (question: Q) => VisionWords): AskingDefinition<Q> {
  return {
    ask: (question) => words(question).tuned,
    askAs: {
      "llama2-base": (question) => words(question)["llama2-base"],
      "vicuna-base": (question) => words(question)["vicuna-base"],
    },
  };
}

/**
 * Returns the prompts of the original vision harness, by wording. The images come before the whole prompt unless it
 * already contains `<image>`, e.g. in a question about HTML. `written` lists the wordings whose tasks write the
 * placeholders themselves, before the user's text.
 */
export function visionPrompts<Q extends Question>(
  words: (question: Q) => VisionWords,
  written: readonly VisionWording[] = [],
): Readonly<Record<VisionWording, (question: Q) => Prompt>> {
  const textOf = (question: Q, wording: VisionWording): QuestionWords => {
    const { user, answerStart } = words(question)[wording];
    return { user: written.includes(wording) ? imagesInFront(question.images.length) + user : user, answerStart };
  };
  return {
    tuned(question) {
      const { user, answerStart } = textOf(question, "tuned");
      return v1Prompt(`${user}\n`, answerStart, question.images.length);
    },
    "llama2-base"(question) {
      const { user, answerStart } = textOf(question, "llama2-base");
      return visionHarnessPrompt(`${user}\nAnswer: ${answerStart}`, question.images.length);
    },
    "vicuna-base"(question) {
      const { user, answerStart } = textOf(question, "vicuna-base");
      return visionHarnessPrompt(`User: ${user}\nAssistant: ${answerStart}`, question.images.length);
    },
  };
}

export interface VisionExtractorOptions {
  /** Default "paper". */
  readonly name?: string;
  /** The characters at which the answer ends. Default `.,:"` and line breaks. */
  readonly ends?: string;
}

/**
 * Creates the extractor of the original vision tasks. It cuts an answer at the first of `ends`, applies `read`, and
 * ignores punctuation and case.
 */
export function visionExtractor(
  read: (answer: string, choices: readonly Choice[]) => string,
  { name = "paper", ends = '.,:"\n\r' }: VisionExtractorOptions = {},
): Extractor {
  return {
    name,
    version: 2,
    stop: [],
    extract: (answer, choices) => stripAsPython(read(textBefore(answer, ends), choices)) || undefined,
    isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true, ignorePunctuation: true }),
  };
}
