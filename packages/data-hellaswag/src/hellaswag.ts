import { stripAsPython } from "@mlan/core";
import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  choiceLines,
  defineBenchmark,
  languageHarnessPrompt,
  languageExtractor,
  languageProtocols,
  letter,
  lettered,
  mapByWords,
  type SourceOptions,
  strictChoice,
} from "@mlan/data-kit";
import { z } from "zod";
import { cleanUp, contextOf } from "./clean-up.ts";

/**
 * `folder` contains the Hub's `data/validation-*.parquet`, the authors' `hellaswag_val.jsonl`, or `validation.jsonl`,
 * `.json` or `.parquet`. Default: Rowan/hellaswag on the Hub.
 */
export interface HellaswagOptions extends SourceOptions {}

/** A scene and four possible continuations. `cluster` identifies the video or article of the scene. */
export interface HellaswagQuestion extends Question {
  /** The scene without the marks of the published text. */
  readonly context: string;
  /** The endings as published. */
  readonly choices: readonly Choice[];
}

const { paper, strict } = languageProtocols<HellaswagQuestion>({
  asked: (question) =>
    asked(
      stripAsPython(question.context),
      cleaned(question, (text) => stripAsPython(cleanUp(text))),
    ),
  choices: (question) => cleaned(question, (text) => stripAsPython(cleanUp(text))),
  paper: languageExtractor((answer, choices) => mapByWords(answer, choices, { cleanTwice: true })),
  strict: strictChoice,
});

/** HellaSwag: the 10,042 questions of the validation split. The labels of the test split are not published. */
export const hellaswag: (options?: HellaswagOptions) => Benchmark<HellaswagQuestion> = defineBenchmark({
  name: "hellaswag",
  published: {
    repository: "Rowan/hellaswag",
    revision: "218ec52e09a7e7462a5400043bb9a69a41d06b76",
    split: "validation",
    rows: 10042,
    files: [
      "data/validation-*.parquet",
      "validation*.parquet",
      "validation.jsonl",
      "validation.json",
      "hellaswag_val.jsonl",
    ],
    license: "MIT in the authors' repository (https://github.com/rowanz/hellaswag); none stated on the Hub",
    citation: "Zellers et al., HellaSwag: Can a Machine Really Finish Your Sentence?, ACL 2019",
    modality: "text",
  },
  row: z.object({
    ind: z.number(),
    activity_label: z.string(),
    ctx_a: z.string(),
    ctx_b: z.string(),
    endings: z.array(z.string()).length(4),
    source_id: z.string(),
    // Text on the Hub, a number in the authors' files.
    label: z
      .union([z.string(), z.number()])
      .transform(String)
      .refine((label) => /^[0-3]$/.test(label), "expected 0, 1, 2 or 3 (the test split has no labels)"),
  }),
  id: ({ ind }) => String(ind),
  question: (row, id): HellaswagQuestion => ({
    id,
    images: [],
    context: contextOf(row.activity_label, row.ctx_a, row.ctx_b),
    choices: lettered(row.endings),
    target: letter(Number(row.label)),
    cluster: row.source_id,
  }),
  protocols: {
    // `hellaswag_em`: the context is cleaned, and then the whole prompt, including the endings.
    paper: {
      ...paper,
      prompt: ({ context, choices }) =>
        languageHarnessPrompt(cleanUp(`User: ${asked(context, choices)}\nAssistant: The best answer is"`)),
      choices: (question) => cleaned(question, cleanUp),
    },
    // Context and endings are cleaned separately, the whole prompt is not.
    strict,
  },
});

function asked(context: string, choices: readonly Choice[]): string {
  const instruction = "Choose the best option from the choices provided to complete the sentence";
  return `${context} ${instruction}:\n${choiceLines(choices)}`;
}

function cleaned({ choices }: HellaswagQuestion, clean: (text: string) => string): readonly Choice[] {
  return choices.map(({ label, text }) => ({ label, text: clean(text) }));
}
