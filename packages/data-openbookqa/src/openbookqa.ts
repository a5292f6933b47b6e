import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
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

/**
 * `folder` is one with the Hub's `main/test-*.parquet`, or with `test.jsonl`, `.json` or `.parquet`.
 * Default: allenai/openbookqa on the Hub.
 */
export interface OpenbookqaOptions extends SourceOptions {}

/** The beginning of a sentence about elementary science, and the choices that may end it. */
export interface OpenbookqaQuestion extends Question {
  readonly stem: string;
  readonly choices: readonly Choice[];
}

/** OpenBookQA, the 500 questions of its test split, without the book's facts. */
export function openbookqa(options: OpenbookqaOptions = {}): Benchmark<OpenbookqaQuestion> {
  const source = checkOptions("data-openbookqa", optionsSchema, options);
  return defineBenchmark({
    name: "openbookqa",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/allenai/openbookqa",
      license: "Apache-2.0 in the authors' repository (https://github.com/allenai/OpenBookQA); none stated on the Hub",
      citation:
        "Mihaylov et al., Can a Suit of Armor Conduct Electricity? A New Dataset for Open Book Question Answering, EMNLP 2018",
      modality: "text",
      repository: PUBLISHED.repository,
      config: "main",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 500,
    }),
    rows: rowsFrom({
      speaker: "data-openbookqa",
      source: sourceFrom(source, PUBLISHED),
      files: FILES,
      schema: rowSchema,
    }),
    idOf: ({ id }) => id,
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<OpenbookqaOptions> = z.strictObject(sourceOptions);

const PUBLISHED = {
  speaker: "data-openbookqa",
  repository: "allenai/openbookqa",
  revision: "388097ea7776314e93a529163e0fea805b8a6454",
};

const FILES = ["main/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"];

const rowSchema = z
  .object({
    id: z.string(),
    question_stem: z.string(),
    choices: z
      .object({ text: z.array(z.string()), label: z.array(z.string()).min(1) })
      .refine(({ text, label }) => text.length === label.length, "there are not as many texts as labels")
      .refine(({ label }) => new Set(label).size === label.length, "two choices have one label"),
    answerKey: z.string(),
  })
  .superRefine(({ choices: { label }, answerKey }, context) => {
    if (label.includes(answerKey)) return;
    const message = `expected one of the labels ${label.join(", ")}`;
    context.addIssue({ code: "custom", path: ["answerKey"], message });
  });

function toQuestion({ question_stem, choices, answerKey }: z.output<typeof rowSchema>, id: string): OpenbookqaQuestion {
  const { label: labels, text: texts } = choices;
  return {
    id,
    images: [],
    stem: question_stem,
    choices: labels.map((label, index) => ({ label, text: texts[index] ?? "" })),
    target: answerKey,
  };
}
