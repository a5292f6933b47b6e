import { type Benchmark, fileLocation, type Location, type Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  defineBenchmark,
  firstMention,
  imageColumn,
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
 * Default: lmms-lab/POPE on the Hub.
 */
export interface PopeOptions extends SourceOptions {
  /** Folder or zip of the images that rows only name. Default: `images/` beside the rows, then the rows' own folder. */
  readonly images?: Location;
}

/** A yes/no question whether a thing is in an image; `cluster` names the image. */
export interface PopeQuestion extends Question {
  readonly question: string;
  readonly target: "yes" | "no";
}

/** POPE, 9,000 questions on 500 images: random, popular and adversarial ones together. */
export function pope(options: PopeOptions = {}): Benchmark<PopeQuestion> {
  const { images, ...source } = checkOptions("data-pope", optionsSchema, options);
  return defineBenchmark({
    name: "pope",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/lmms-lab/POPE",
      license: "MIT (questions); the images are of COCO val2014 under Flickr's terms",
      citation: "Li et al., Evaluating Object Hallucination in Large Vision-Language Models, EMNLP 2023",
      modality: "image",
      repository: PUBLISHED.repository,
      config: "default",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 9000,
    }),
    rows: rowsFrom({
      speaker: "data-pope",
      source: sourceFrom(source, PUBLISHED),
      files: FILES,
      schema: rowSchema,
      images: { column: "image", ...(images && { at: images }) },
    }),
    idOf: ({ category, question_id }) => (category ? `${category}/${question_id}` : String(question_id)),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<PopeOptions> = z.strictObject({
  ...sourceOptions,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  speaker: "data-pope",
  repository: "lmms-lab/POPE",
  revision: "4db1276663dfa5eb8ad16a52d24c31a09e470896",
};

const FILES = ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"];

const rowSchema = z.object({
  question_id: z.union([z.string(), z.number()]),
  question: z.string(),
  answer: z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(["yes", "no"])),
  image: imageColumn,
  image_source: z.string().nullish(),
  category: z.string().nullish(),
});

function toQuestion({ question, answer, image, image_source }: z.output<typeof rowSchema>, id: string): PopeQuestion {
  return { id, images: [image], question, target: answer, cluster: image_source ?? image.name };
}
