import type { Benchmark, Question } from "@mlan/core";
import {
  contentKey,
  defineBenchmark,
  languageExtractor,
  languageProtocols,
  type SourceOptions,
  strictYesNo,
  trueFalse,
  yesNoChoices,
} from "@mlan/data-kit";
import { z } from "zod";

/** `folder` contains `validation.jsonl`, `.json` or `.parquet`. Default: google/boolq on the Hub. */
export interface BoolqOptions extends SourceOptions {}

/** A yes/no question about a passage. `cluster` identifies the passage. */
export interface BoolqQuestion extends Question {
  readonly question: string;
  readonly passage: string;
  readonly target: "yes" | "no";
}

/** BoolQ: the 3,270 questions of the validation split. The answers of the test split are not published. */
export const boolq: (options?: BoolqOptions) => Benchmark<BoolqQuestion> = defineBenchmark({
  name: "boolq",
  published: {
    repository: "google/boolq",
    revision: "35b264d03638db9f4ce671b711558bf7ff0f80d5",
    split: "validation",
    rows: 3270,
    files: ["data/validation-*.parquet", "validation*.parquet", "validation.jsonl", "validation.json"],
    license: "CC-BY-SA-3.0",
    citation: "Clark et al., BoolQ: Exploring the Surprising Difficulty of Natural Yes/No Questions, NAACL 2019",
    modality: "text",
  },
  row: z.object({ question: z.string(), passage: z.string(), answer: z.boolean() }),
  question: ({ question, passage, answer }, id): BoolqQuestion => ({
    id,
    images: [],
    question,
    passage,
    target: answer ? "yes" : "no",
    cluster: contentKey(passage),
  }),
  // The task `boolq_em` of the original code.
  protocols: languageProtocols<BoolqQuestion>({
    asked: ({ passage, question }) =>
      `Context: ${passage}\nQuestion: ${question}?\nPlease answer the question with 'yes' or 'no'.`,
    choices: () => yesNoChoices,
    paper: languageExtractor(trueFalse),
    strict: strictYesNo,
  }),
});
