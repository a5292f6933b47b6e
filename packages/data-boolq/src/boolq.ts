import type { Benchmark, Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  contentKey,
  defineBenchmark,
  firstMention,
  rowsFrom,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";
import { paperProtocol } from "./paper-protocol.ts";
import { strictProtocol } from "./strict-protocol.ts";

/** `folder` is one with `validation.jsonl`, `.json` or `.parquet`. Default: google/boolq on the Hub. */
export interface BoolqOptions extends SourceOptions {}

/** A yes/no question about a passage; `cluster` names the passage. */
export interface BoolqQuestion extends Question {
  readonly question: string;
  readonly passage: string;
  readonly target: "yes" | "no";
}

/** BoolQ, the 3,270 questions of its validation split (the test split's answers are not published). */
export function boolq(options: BoolqOptions = {}): Benchmark<BoolqQuestion> {
  const source = checkOptions("data-boolq", optionsSchema, options);
  return defineBenchmark({
    name: "boolq",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/google/boolq",
      license: "CC-BY-SA-3.0",
      citation: "Clark et al., BoolQ: Exploring the Surprising Difficulty of Natural Yes/No Questions, NAACL 2019",
      modality: "text",
      repository: PUBLISHED.repository,
      split: "validation",
      revision: PUBLISHED.revision,
      rows: 3270,
    }),
    rows: rowsFrom({ speaker: "data-boolq", source: sourceFrom(source, PUBLISHED), files: FILES, schema: rowSchema }),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<BoolqOptions> = z.strictObject(sourceOptions);

const PUBLISHED = {
  speaker: "data-boolq",
  repository: "google/boolq",
  revision: "35b264d03638db9f4ce671b711558bf7ff0f80d5",
};

const FILES = ["data/validation-*.parquet", "validation*.parquet", "validation.jsonl", "validation.json"];

const rowSchema = z.object({ question: z.string(), passage: z.string(), answer: z.boolean() });

function toQuestion({ question, passage, answer }: z.output<typeof rowSchema>, id: string): BoolqQuestion {
  return { id, images: [], question, passage, target: answer ? "yes" : "no", cluster: contentKey(passage) };
}
