import { type Benchmark, fileLocation, type Location, type Question } from "@mlan/core";
import {
  checkOptions,
  defineBenchmark,
  firstMention,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";
import { paperProtocol } from "./paper-protocol.ts";
import { type GqaRow, questionRows } from "./question-rows.ts";
import { strictProtocol } from "./strict-protocol.ts";

/**
 * `folder` is one with two tables, `testdev_balanced_instructions` and `testdev_balanced_images`, each a folder of
 * Parquet files or one `.parquet`, `.jsonl` or `.json` file. Default: lmms-lab/GQA on the Hub.
 */
export interface GqaOptions extends Omit<SourceOptions, "file"> {
  /** Folder or zip of the images that the second table only names. Default: `images/` beside it, then its own folder. */
  readonly images?: Location;
}

/** A question about a scene with an answer of one word or few; `cluster` names the image. */
export interface GqaQuestion extends Question {
  readonly question: string;
}

/** GQA, the 12,578 questions of its balanced test-dev split. */
export function gqa(options: GqaOptions = {}): Benchmark<GqaQuestion> {
  const { images, ...source } = checkOptions("data-gqa", optionsSchema, options);
  return defineBenchmark({
    name: "gqa",
    card: {
      source: "https://huggingface.co/datasets/lmms-lab/GQA",
      license: "MIT (these files); CC-BY-4.0 (GQA)",
      citation:
        "Hudson and Manning, GQA: A New Dataset for Real-World Visual Reasoning and Compositional Question Answering, CVPR 2019",
      modality: "image",
      repository: PUBLISHED.repository,
      config: "testdev_balanced_instructions",
      split: "testdev",
      revision: PUBLISHED.revision,
      rows: 12_578,
    },
    rows: questionRows(sourceFrom(source, PUBLISHED), images),
    idOf: ({ id }) => id,
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<GqaOptions> = z.strictObject({
  folder: sourceOptions.folder,
  hub: sourceOptions.hub,
  images: fileLocation.exactOptional(),
});

const PUBLISHED = {
  speaker: "data-gqa",
  repository: "lmms-lab/GQA",
  revision: "a6e72d6e1b912da88af8b2f9eba05d5ea8ec2dd8",
};

function toQuestion({ question, answer, imageId: { id: cluster, image } }: GqaRow, id: string): GqaQuestion {
  return { id, images: [image], question, target: answer, cluster };
}
