import { type Benchmark, type Choice, counted, type Question } from "@mlan/core";
import {
  type BenchmarkOptions,
  choiceWords,
  defineBenchmark,
  imageColumn,
  imageIdentity,
  letter,
  lettered,
  visionChoiceProtocols,
  type VisionWords,
} from "@mlan/data-kit";
import { z } from "zod";

/**
 * `folder` contains `test.parquet` (with the images), or `test.jsonl` or `.json` with the images in `images/`. Default:
 * lmms-lab/ai2d on the Hub.
 */
export interface Ai2dOptions extends BenchmarkOptions {}

/** A multiple-choice question about a diagram. `target` is a letter, and `cluster` identifies the diagram. */
export interface Ai2dQuestion extends Question {
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** AI2D: 3,088 questions about diagrams from science books. */
export const ai2d: (options?: Ai2dOptions) => Benchmark<Ai2dQuestion> = defineBenchmark({
  name: "ai2d",
  published: {
    repository: "lmms-lab/ai2d",
    revision: "c83a9b9692933aff8349157c88a413df9d02c4e5",
    config: "default",
    split: "test",
    rows: 3088,
    files: ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "not stated on the Hub",
    citation: "Kembhavi et al., A Diagram Is Worth a Dozen Images, ECCV 2016",
    modality: "image",
  },
  row: z
    .object({
      question: z.string(),
      options: z.array(z.string()).max(26),
      answer: z.union([z.string(), z.number()]),
      image: imageColumn,
    })
    .superRefine(({ options, answer }, context) => {
      if (/^\d+$/.test(String(answer)) && Number(answer) < options.length) return;
      const message = `expected the number of one of its ${counted(options.length, "option")}, counted from 0`;
      context.addIssue({ code: "custom", path: ["answer"], message });
    }),
  identifyImages: true,
  question: ({ question, options, answer, image }, id): Ai2dQuestion => ({
    id,
    images: [image],
    question,
    choices: lettered(options),
    target: letter(Number(answer)),
    cluster: imageIdentity(image),
  }),
  protocols: visionChoiceProtocols<Ai2dQuestion>({ words, offered: 4, ignorePunctuation: true }),
});

function words({ question, choices }: Ai2dQuestion): VisionWords {
  return choiceWords({ question, choices });
}
