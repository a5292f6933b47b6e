import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  choiceLines,
  defineBenchmark,
  languageExtractor,
  languageProtocols,
  mapByWords,
  type SourceOptions,
  strictChoice,
} from "@mlan/data-kit";
import { z } from "zod";

/**
 * `folder` contains the Hub's `main/test-*.parquet`, or `test.jsonl`, `.json` or `.parquet`.
 * Default: allenai/openbookqa on the Hub.
 */
export interface OpenbookqaOptions extends SourceOptions {}

/** The beginning of a sentence about elementary science, and choices that complete it. */
export interface OpenbookqaQuestion extends Question {
  readonly stem: string;
  readonly choices: readonly Choice[];
}

/** OpenBookQA: the 500 questions of the test split, without the book's facts. */
export const openbookqa: (options?: OpenbookqaOptions) => Benchmark<OpenbookqaQuestion> = defineBenchmark({
  name: "openbookqa",
  published: {
    repository: "allenai/openbookqa",
    revision: "388097ea7776314e93a529163e0fea805b8a6454",
    config: "main",
    split: "test",
    rows: 500,
    files: ["main/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "Apache-2.0 in the authors' repository (https://github.com/allenai/OpenBookQA); none stated on the Hub",
    citation:
      "Mihaylov et al., Can a Suit of Armor Conduct Electricity? A New Dataset for Open Book Question Answering, EMNLP 2018",
    modality: "text",
  },
  row: z
    .object({
      id: z.string(),
      question_stem: z.string(),
      choices: z
        .object({ text: z.array(z.string()), label: z.array(z.string()).min(1) })
        .refine(({ text, label }) => text.length === label.length, "texts and labels differ in number")
        .refine(({ label }) => new Set(label).size === label.length, "two choices have the same label"),
      answerKey: z.string(),
    })
    .superRefine(({ choices: { label }, answerKey }, context) => {
      if (label.includes(answerKey)) return;
      const message = `expected one of the labels ${label.join(", ")}`;
      context.addIssue({ code: "custom", path: ["answerKey"], message });
    }),
  id: ({ id }) => id,
  question: ({ question_stem, choices, answerKey }, id): OpenbookqaQuestion => ({
    id,
    images: [],
    stem: question_stem,
    choices: choices.label.map((label, index) => ({ label, text: choices.text[index] ?? "" })),
    target: answerKey,
  }),
  // The task `openbookqa_em` of the original code, its only language task where letter case matters: "a" is not "A".
  protocols: languageProtocols<OpenbookqaQuestion>({
    asked: ({ stem, choices }) => `${stem} Choose the best option from the choices provided:\n${choiceLines(choices)}`,
    paper: languageExtractor(mapByWords, { ignoreCase: false }),
    strict: strictChoice,
  }),
});
