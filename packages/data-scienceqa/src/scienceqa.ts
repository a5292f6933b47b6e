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
 * lmms-lab/ScienceQA on the Hub.
 */
export interface ScienceqaOptions extends BenchmarkOptions {}

/** A multiple-choice question, with or without an image. `target` is a letter, and `cluster` identifies the image. */
export interface ScienceqaQuestion extends Question {
  readonly question: string;
  /** A text that helps to answer the question. Empty if there is none. */
  readonly hint: string;
  readonly choices: readonly Choice[];
}

/** ScienceQA: 4,241 questions from school science, 2,017 of them with an image. */
export const scienceqa: (options?: ScienceqaOptions) => Benchmark<ScienceqaQuestion> = defineBenchmark({
  name: "scienceqa",
  published: {
    repository: "lmms-lab/ScienceQA",
    revision: "69dd4d6b67373d38f96a5badd5d24d0eb5bcdc50",
    config: "ScienceQA-FULL",
    split: "test",
    rows: 4241,
    files: ["ScienceQA-FULL/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "CC-BY-NC-SA-4.0",
    citation:
      "Lu et al., Learn to Explain: Multimodal Reasoning via Thought Chains for Science Question Answering, NeurIPS 2022",
    modality: "mixed",
  },
  row: z
    .object({
      question: z.string(),
      choices: z.array(z.string()).max(26),
      answer: z.int(),
      hint: z.string().nullish(),
      image: imageColumn.nullish(),
    })
    .superRefine(({ choices, answer }, context) => {
      if (answer >= 0 && answer < choices.length) return;
      const message = `expected the number of one of its ${counted(choices.length, "choice")}, counted from 0`;
      context.addIssue({ code: "custom", path: ["answer"], message });
    }),
  identifyImages: true,
  question: ({ question, choices, answer, hint, image }, id): ScienceqaQuestion => ({
    id,
    images: image ? [image] : [],
    question,
    hint: hint ?? "",
    choices: lettered(choices),
    target: letter(answer),
    ...(image && { cluster: imageIdentity(image) }),
  }),
  protocols: visionChoiceProtocols<ScienceqaQuestion>({ words, offered: 5 }),
});

function words({ hint, question, choices }: ScienceqaQuestion): VisionWords {
  const usual = choiceWords({ question, choices, context: hint === "" ? "" : `Context: ${hint}\n` });
  // Unlike the other vision tasks, this task writes "Question: " for tuned models too, and begins their answers
  // differently.
  return { ...usual, tuned: { user: usual["llama2-base"].user, answerStart: 'The answer is "' } };
}
