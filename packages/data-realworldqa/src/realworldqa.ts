import type { Benchmark, Question } from "@mlan/core";
import {
  type BenchmarkOptions,
  choiceWords,
  defineBenchmark,
  digitToNumber,
  imageColumn,
  imageIdentity,
  mapByText,
  openWords,
  saysYesOrNo,
  shortAnswerWords,
  strictChoice,
  strictShortAnswer,
  trueFalse,
  visionAsking,
  visionExtractor,
  visionPrompts,
  yesNoChoices,
} from "@mlan/data-kit";
import { z } from "zod";
import { paperParts } from "./paper-parts.ts";
import { strictParts } from "./strict-parts.ts";
import { strictQuestion } from "./strict-question.ts";

/**
 * `folder` contains `test.parquet` (with the images), or `test.jsonl` or `.json` with the images in `images/`. Default:
 * lmms-lab/RealWorldQA on the Hub.
 */
export interface RealworldqaOptions extends BenchmarkOptions {}

/**
 * A question about a photograph. `target` is the unchanged published answer: a letter, the text of an option, a word, a
 * number, or yes or no. `cluster` identifies the photograph.
 */
export interface RealworldqaQuestion extends Question {
  /** The published text, with a line for each option and the instruction on how to answer. */
  readonly question: string;
}

const LABELS = new Set(["A", "B", "C"]);

/** RealWorldQA: 765 questions about photographs, many of them taken from cars. */
export const realworldqa: (options?: RealworldqaOptions) => Benchmark<RealworldqaQuestion> = defineBenchmark({
  name: "realworldqa",
  published: {
    repository: "lmms-lab/RealWorldQA",
    revision: "907c4e5228fd1703c710ed937601cb5f89ab8d5c",
    config: "default",
    split: "test",
    rows: 765,
    files: ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "CC-BY-4.0 (these files); CC-BY-ND-4.0 (xai-org/RealworldQA)",
    citation: "xAI, Grok-1.5 Vision Preview, 2024",
    modality: "image",
  },
  row: z.object({
    question: z.string(),
    answer: z.string(),
    image: imageColumn,
    image_path: z.string().nullish(),
  }),
  question: ({ question, answer, image, image_path }, id): RealworldqaQuestion => ({
    id,
    images: [image],
    question,
    target: answer,
    cluster: image_path ?? imageIdentity(image),
  }),
  protocols: {
    /**
     * `realworldqa_llava_plain`, `realworldqa_llama_plain`, `realworldqa_vicuna_plain`: the image is in the user's turn
     * for tuned models, and before the whole prompt for untuned models. There are no stop strings. The published answer
     * is not trimmed: " B" is not "B".
     */
    paper: {
      version: 2,
      prompt: visionPrompts(
        ({ question, target }: RealworldqaQuestion) => {
          const parts = paperParts(question);
          return parts.choices.length > 0 ? choiceWords(parts) : openWords({ ...parts, target });
        },
        ["tuned", "llama2-base"],
      ),
      choices({ question, target }) {
        const { choices } = paperParts(question);
        // The choices of the tuned model's prompt. The prompts of untuned models differ only for answers with capital
        // letters.
        return choices.length === 0 && saysYesOrNo(target.toLowerCase()) ? yesNoChoices : choices;
      },
      maximumNewTokens: 16,
      // A newline does not end the answer. "Yes" and "no" are choices only for evaluations by likelihood. The original
      // code maps answers only to options, and leaves "No" unchanged.
      extractor: visionExtractor(
        (answer, choices) =>
          digitToNumber(
            trueFalse(
              mapByText(
                answer,
                choices.filter(({ label }) => LABELS.has(label)),
              ),
            ),
          ),
        { ends: '.,:"' },
      ),
      allowsUnanswerable: true,
    },
    /**
     * All options are offered with their published letters. A question without options asks for a short answer. A
     * question whose options cannot be read throws.
     */
    strict: {
      version: 2,
      ...visionAsking((question: RealworldqaQuestion) => {
        const parts = strictQuestion(question);
        return parts.choices.length > 0 ? choiceWords(parts) : shortAnswerWords(parts.question);
      }),
      choices: ({ question }) => strictParts(question).choices,
      target: (question) => strictQuestion(question).target,
      maximumNewTokens: 16,
      // Reads a letter or an option if there are options, otherwise a short answer. Both have the same stop strings.
      extractor: {
        name: "strict",
        version: 1,
        stop: strictShortAnswer.stop,
        extract: (answer, choices) => (choices.length > 0 ? strictChoice : strictShortAnswer).extract(answer, choices),
        isCorrect: strictShortAnswer.isCorrect,
      },
    },
  },
});
