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
 * Default: lmms-lab/ai2d on the Hub.
 */
export interface Ai2dOptions extends SourceOptions {
  /** Folder or zip of the images that rows only name. Default: `images/` beside the rows, then the rows' own folder. */
  readonly images?: Location;
}

/** A question of several choices about a diagram; `target` is a letter, `cluster` names the diagram. */
export interface Ai2dQuestion extends Question {
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** AI2D, 3,088 questions of a science class on diagrams. */
export function ai2d(options: Ai2dOptions = {}): Benchmark<Ai2dQuestion> {
  const { images, ...source } = checkOptions("data-ai2d", optionsSchema, options);
  return defineBenchmark({
    name: "ai2d",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/lmms-lab/ai2d",
      license: "not stated on the Hub",
      citation: "Kembhavi et al., A Diagram Is Worth a Dozen Images, ECCV 2016",
      modality: "image",
      repository: PUBLISHED.repository,
      config: "default",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 3088,
    }),
    rows: rowsFrom({
      speaker: "data-ai2d",
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

const optionsSchema: z.ZodType<Ai2dOptions> = z.strictObject({
  ...sourceOptions,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  speaker: "data-ai2d",
  repository: "lmms-lab/ai2d",
  revision: "c83a9b9692933aff8349157c88a413df9d02c4e5",
};

const FILES = ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"];

const rowSchema = z
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
  });

function toQuestion({ question, options, answer, image }: z.output<typeof rowSchema>, id: string): Ai2dQuestion {
  const target = letter(Number(answer));
  return { id, images: [image], question, choices: lettered(options), target, cluster: imageIdentity(image) };
}
