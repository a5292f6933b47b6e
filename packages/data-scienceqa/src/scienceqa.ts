import { type Benchmark, type Choice, counted, fileLocation, type Location, type Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  defineBenchmark,
  firstMention,
  imageColumn,
  imageIdentity,
  letter,
  lettered,
  rowsFrom,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";
import { paperProtocol } from "./paper-protocol.ts";
import { strictProtocol } from "./strict-protocol.ts";

/**
 * `folder` is one with `test.parquet` (images inside), or with `test.jsonl` or `.json` whose images lie in `images/`.
 * Default: lmms-lab/ScienceQA on the Hub.
 */
export interface ScienceqaOptions extends SourceOptions {
  /** Folder or zip of the images that rows only name. Default: `images/` beside the rows, then the rows' own folder. */
  readonly images?: Location;
}

/** A question of several choices, with an image or without; `target` is a letter, `cluster` names the image. */
export interface ScienceqaQuestion extends Question {
  readonly question: string;
  /** A text that belongs to the question; empty where there is none. */
  readonly hint: string;
  readonly choices: readonly Choice[];
}

/** ScienceQA, 4,241 questions of school science, 2,017 of them with an image. */
export function scienceqa(options: ScienceqaOptions = {}): Benchmark<ScienceqaQuestion> {
  const { images, ...source } = checkOptions("data-scienceqa", optionsSchema, options);
  return defineBenchmark({
    name: "scienceqa",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/lmms-lab/ScienceQA",
      license: "CC-BY-NC-SA-4.0",
      citation:
        "Lu et al., Learn to Explain: Multimodal Reasoning via Thought Chains for Science Question Answering, NeurIPS 2022",
      modality: "mixed",
      repository: PUBLISHED.repository,
      config: "ScienceQA-FULL",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 4241,
    }),
    rows: rowsFrom({
      speaker: "data-scienceqa",
      source: sourceFrom(source, PUBLISHED),
      files: FILES,
      schema: rowSchema,
      images: { column: "image", identify: true, ...(images && { at: images }) },
    }),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<ScienceqaOptions> = z.strictObject({
  ...sourceOptions,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  speaker: "data-scienceqa",
  repository: "lmms-lab/ScienceQA",
  revision: "69dd4d6b67373d38f96a5badd5d24d0eb5bcdc50",
};

const FILES = ["ScienceQA-FULL/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"];

const rowSchema = z
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
  });

function toQuestion(row: z.output<typeof rowSchema>, id: string): ScienceqaQuestion {
  const { question, choices, answer, hint, image } = row;
  return {
    id,
    images: image ? [image] : [],
    question,
    hint: hint ?? "",
    choices: lettered(choices),
    target: letter(answer),
    ...(image && { cluster: imageIdentity(image) }),
  };
}
