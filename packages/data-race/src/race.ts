import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  choiceLines,
  contentKey,
  defineBenchmark,
  languageExtractor,
  languageProtocols,
  lettered,
  mapByWords,
  type SourceOptions,
  strictChoice,
} from "@mlan/data-kit";
import { z } from "zod";
import { lastProblem } from "./last-problem.ts";

/**
 * `folder` contains `race_high_test.jsonl`, the Parquet files of the Hub's conversion below `high/`, or `test.jsonl`,
 * `.json` or `.parquet`. Default: EleutherAI/race on the Hub.
 */
export interface RaceOptions extends SourceOptions {}

/** The last question about an article. `cluster` identifies the article. */
export interface RaceQuestion extends Question {
  readonly article: string;
  readonly question: string;
  readonly choices: readonly Choice[];
}

/**
 * RACE for high schools: the last question about each of the 1,045 articles of the test split, as in arXiv 2411.10557.
 */
export const race: (options?: RaceOptions) => Benchmark<RaceQuestion> = defineBenchmark({
  name: "race",
  published: {
    repository: "EleutherAI/race",
    revision: "e30efe648089df42c548e93faa9c5f1816e2c44f",
    config: "high",
    split: "test",
    rows: 1045,
    files: [
      "race_high_test.jsonl",
      "high/test-*.parquet",
      "high/test/*.parquet",
      "test*.parquet",
      "test.jsonl",
      "test.json",
    ],
    license: "non-commercial research only (https://www.cs.cmu.edu/~glai1/data/race/)",
    citation: "Lai et al., RACE: Large-scale ReAding Comprehension Dataset From Examinations, EMNLP 2017",
    modality: "text",
  },
  row: z.object({ article: z.string(), problems: lastProblem }),
  question: ({ article, problems: { question, options, answer } }, id): RaceQuestion => ({
    id,
    images: [],
    article,
    question,
    choices: lettered(options),
    target: answer,
    cluster: contentKey(article),
  }),
  // The task `race_em` of the original code.
  protocols: languageProtocols<RaceQuestion>({
    asked: ({ article, question, choices }) =>
      `Context: ${article}\nQuestion: ${question}\nChoose the best option from the choices provided:\n${choiceLines(choices)}`,
    paper: languageExtractor(mapByWords),
    strict: strictChoice,
  }),
});
