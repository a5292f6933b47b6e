import { stripAsPython } from "@mlan/core";
import type { Benchmark, Question } from "@mlan/core";
import {
  accuracy,
  type BenchmarkOptions,
  defineBenchmark,
  imageColumn,
  textBefore,
  strictYesNo,
  trueFalse,
  visionAsking,
  visionHarnessPrompt,
  visionPrompts,
  type VisionWords,
  yesNoChoices,
} from "@mlan/data-kit";
import { z } from "zod";
import { f1, goldYesRatio, precision, predictedYesRatio, recall, recallAmongAnswered } from "./metrics.ts";

/**
 * `folder` contains `test.parquet` (with the images), or `test.jsonl` or `.json` with the images in `images/`. Default:
 * lmms-lab/POPE on the Hub.
 */
export interface PopeOptions extends BenchmarkOptions {}

/** A yes/no question about whether an object is in an image. `cluster` identifies the image. */
export interface PopeQuestion extends Question {
  readonly question: string;
  readonly target: "yes" | "no";
}

const shared = { version: 1, choices: () => yesNoChoices, maximumNewTokens: 4 };

/** POPE: 9,000 questions about 500 images, in the categories random, popular and adversarial. */
export const pope: (options?: PopeOptions) => Benchmark<PopeQuestion> = defineBenchmark({
  name: "pope",
  published: {
    repository: "lmms-lab/POPE",
    revision: "4db1276663dfa5eb8ad16a52d24c31a09e470896",
    config: "default",
    split: "test",
    rows: 9000,
    files: ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "MIT (questions); the images are of COCO val2014 under Flickr's terms",
    citation: "Li et al., Evaluating Object Hallucination in Large Vision-Language Models, EMNLP 2023",
    modality: "image",
  },
  row: z.object({
    question_id: z.union([z.string(), z.number()]),
    question: z.string(),
    answer: z
      .string()
      .transform((text) => text.trim().toLowerCase())
      .pipe(z.enum(["yes", "no"])),
    image: imageColumn,
    image_source: z.string().nullish(),
    category: z.string().nullish(),
  }),
  id: ({ category, question_id }) => (category ? `${category}/${question_id}` : String(question_id)),
  question: ({ question, answer, image, image_source }, id): PopeQuestion => ({
    id,
    images: [image],
    question,
    target: answer,
    cluster: image_source ?? image.name,
  }),
  protocols: {
    /**
     * The prompts of `pope_llava_plain`, `pope_llama_plain` and `pope_vicuna_plain`: the image comes before the whole
     * prompt, and there are no stop strings.
     */
    paper: {
      ...shared,
      prompt: {
        ...visionPrompts(words),
        "vicuna-base": ({ question, images }: PopeQuestion) =>
          visionHarnessPrompt(`User:\n${question}\nAssistant: ${AMONG}`, images.length),
      },
      extractor: {
        name: "paper",
        version: 1,
        stop: [],
        extract: (answer) => stripAsPython(trueFalse(textBefore(answer, '.,:"\n\r'))).toLowerCase() || undefined,
        isCorrect: (extracted, target) => extracted === target,
      },
      allowsUnanswerable: true,
      metrics: {
        accuracy,
        precision,
        recall: recallAmongAnswered,
        f1: f1(recallAmongAnswered),
        yes_ratio: goldYesRatio,
      },
    },
    /** The image is inside the user's turn. An answer other than yes or no is wrong, and does not count as "yes". */
    strict: {
      ...shared,
      ...visionAsking(words),
      extractor: strictYesNo,
      metrics: { accuracy, precision, recall, f1: f1(recall), yes_ratio: predictedYesRatio },
    },
  },
});

function words({ question }: PopeQuestion): VisionWords {
  return {
    tuned: { user: `Please answer with "yes" or "no":\n${question}`, answerStart: 'The best answer is "' },
    "llama2-base": { user: `Question: ${question}`, answerStart: AMONG },
    "vicuna-base": { user: question, answerStart: AMONG },
  };
}

const AMONG = 'Among "yes" and "no", the best answer is "';
