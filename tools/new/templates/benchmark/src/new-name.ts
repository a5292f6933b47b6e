import type { Benchmark, Choice, Question } from "@mlan/core";
import { choiceLines, defineBenchmark, letter, lettered, type SourceOptions, strictChoice } from "@mlan/data-kit";
import { z } from "zod";

/** `folder` contains `test.jsonl`, `test.json` or `test*.parquet`. Default: your-name/new-name on the Hub. */
export interface NewNameOptions extends SourceOptions {}

/** A question with choices and one correct choice. */
export interface NewNameQuestion extends Question {
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** The benchmark new-name. Throws `invalid-options`. */
export const newName: (options?: NewNameOptions) => Benchmark<NewNameQuestion> = defineBenchmark({
  name: "new-name",
  published: {
    repository: "your-name/new-name",
    revision: "main",
    split: "test",
    files: ["data/test-*.parquet", "test*.parquet", "test.jsonl", "test.json"],
    license: "unknown",
    modality: "text",
  },
  row: z
    .object({ question: z.string(), choices: z.array(z.string()).min(2).max(26), answer: z.int().min(0) })
    .refine(({ choices, answer }) => answer < choices.length, {
      path: ["answer"],
      error: "expected the number of a choice, from 0",
    }),
  question: ({ question, choices, answer }, id): NewNameQuestion => ({
    id,
    images: [],
    question,
    choices: lettered(choices),
    target: letter(answer),
  }),
  protocols: {
    strict: {
      version: 1,
      ask: ({ question, choices }) => ({
        user: `${question}\n${choiceLines(choices)}`,
        answerStart: 'The best answer is "',
      }),
      maximumNewTokens: 16,
      extractor: strictChoice,
    },
  },
});
