import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  defineBenchmark,
  firstMention,
  letter,
  lettered,
  rowsFrom,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";
import { contextOf } from "./clean-up.ts";
import { paperProtocol } from "./paper-protocol.ts";
import { strictProtocol } from "./strict-protocol.ts";

/**
 * `folder` is one with the Hub's `data/validation-*.parquet`, with the authors' `hellaswag_val.jsonl`, or with
 * `validation.jsonl`, `.json` or `.parquet`. Default: Rowan/hellaswag on the Hub.
 */
export interface HellaswagOptions extends SourceOptions {}

/** A scene and four ways in which it may go on; `cluster` names the video or article that it is from. */
export interface HellaswagQuestion extends Question {
  /** Cleaned of the marks that the published texts hold. */
  readonly context: string;
  /** The endings as published. */
  readonly choices: readonly Choice[];
}

/** HellaSwag, the 10,042 questions of its validation split (the test split's labels are not published). */
export function hellaswag(options: HellaswagOptions = {}): Benchmark<HellaswagQuestion> {
  const source = checkOptions("data-hellaswag", optionsSchema, options);
  return defineBenchmark({
    name: "hellaswag",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/Rowan/hellaswag",
      license: "MIT in the authors' repository (https://github.com/rowanz/hellaswag); none stated on the Hub",
      citation: "Zellers et al., HellaSwag: Can a Machine Really Finish Your Sentence?, ACL 2019",
      modality: "text",
      repository: PUBLISHED.repository,
      split: "validation",
      revision: PUBLISHED.revision,
      rows: 10042,
    }),
    rows: rowsFrom({
      speaker: "data-hellaswag",
      source: sourceFrom(source, PUBLISHED),
      files: FILES,
      schema: rowSchema,
    }),
    idOf: ({ ind }) => String(ind),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<HellaswagOptions> = z.strictObject(sourceOptions);

const PUBLISHED = {
  speaker: "data-hellaswag",
  repository: "Rowan/hellaswag",
  revision: "218ec52e09a7e7462a5400043bb9a69a41d06b76",
};

const FILES = [
  "data/validation-*.parquet",
  "validation*.parquet",
  "validation.jsonl",
  "validation.json",
  "hellaswag_val.jsonl",
];

const rowSchema = z.object({
  ind: z.number(),
  activity_label: z.string(),
  ctx_a: z.string(),
  ctx_b: z.string(),
  endings: z.array(z.string()).length(4),
  source_id: z.string(),
  // Text on the Hub, a number in the authors' own files.
  label: z
    .union([z.string(), z.number()])
    .transform(String)
    .refine((label) => /^[0-3]$/.test(label), "expected 0, 1, 2 or 3 (the test split has no labels)"),
});

function toQuestion(row: z.output<typeof rowSchema>, id: string): HellaswagQuestion {
  return {
    id,
    images: [],
    context: contextOf(row.activity_label, row.ctx_a, row.ctx_b),
    choices: lettered(row.endings),
    target: letter(Number(row.label)),
    cluster: row.source_id,
  };
}
