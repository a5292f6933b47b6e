import { type Benchmark, fileLocation, type Location, type Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  defineBenchmark,
  firstMention,
  imageColumn,
  imageIdentity,
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
 * Default: lmms-lab/RealWorldQA on the Hub.
 */
export interface RealworldqaOptions extends SourceOptions {
  /** Folder or zip of the images that rows only name. Default: `images/` beside the rows, then the rows' own folder. */
  readonly images?: Location;
}

/**
 * A question about a photograph; `target` is the published answer as it is written, a letter or the text of an option, a
 * word, a number, or yes or no. `cluster` names the photograph.
 */
export interface RealworldqaQuestion extends Question {
  /** As published: with a line for each option, and with the instruction how to answer. */
  readonly question: string;
}

/** RealWorldQA, 765 questions about photographs, many of them taken from cars. */
export function realworldqa(options: RealworldqaOptions = {}): Benchmark<RealworldqaQuestion> {
  const { images, ...source } = checkOptions("data-realworldqa", optionsSchema, options);
  return defineBenchmark({
    name: "realworldqa",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/lmms-lab/RealWorldQA",
      license: "CC-BY-4.0 (these files); CC-BY-ND-4.0 (xai-org/RealworldQA)",
      citation: "xAI, Grok-1.5 Vision Preview, 2024",
      modality: "image",
      repository: PUBLISHED.repository,
      config: "default",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 765,
    }),
    rows: rowsFrom({
      speaker: "data-realworldqa",
      source: sourceFrom(source, PUBLISHED),
      files: FILES,
      schema: rowSchema,
      images: { column: "image", ...(images && { at: images }) },
    }),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<RealworldqaOptions> = z.strictObject({
  ...sourceOptions,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  speaker: "data-realworldqa",
  repository: "lmms-lab/RealWorldQA",
  revision: "907c4e5228fd1703c710ed937601cb5f89ab8d5c",
};

const FILES = ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"];

const rowSchema = z.object({
  question: z.string(),
  answer: z.string(),
  image: imageColumn,
  image_path: z.string().nullish(),
});

function toQuestion(
  { question, answer, image, image_path }: z.output<typeof rowSchema>,
  id: string,
): RealworldqaQuestion {
  return { id, images: [image], question, target: answer, cluster: image_path ?? imageIdentity(image) };
}
