import type { Benchmark, Choice, Question } from "@mlan/core";
import {
  cardFor,
  checkOptions,
  contentKey,
  defineBenchmark,
  firstMention,
  lettered,
  rowsFrom,
  sourceFrom,
  type SourceOptions,
  sourceOptions,
} from "@mlan/data-kit";
import { z } from "zod";
import { lastProblem } from "./last-problem.ts";
import { paperProtocol } from "./paper-protocol.ts";
import { strictProtocol } from "./strict-protocol.ts";

/**
 * `folder` is one with `race_high_test.jsonl`, with the Parquet files of the Hub's conversion below `high/`, or with
 * `test.jsonl`, `.json` or `.parquet`. Default: EleutherAI/race on the Hub.
 */
export interface RaceOptions extends SourceOptions {}

/** The last question about an article; `cluster` names the article. */
export interface RaceQuestion extends Question {
  readonly article: string;
  readonly question: string;
  readonly choices: readonly Choice[];
}

/** RACE for high schools, the last question of each of the 1,045 articles of its test split: the subset that the paper asks. */
export function race(options: RaceOptions = {}): Benchmark<RaceQuestion> {
  const source = checkOptions("data-race", optionsSchema, options);
  return defineBenchmark({
    name: "race",
    card: cardFor(source, {
      source: "https://huggingface.co/datasets/EleutherAI/race",
      license: "non-commercial research only (https://www.cs.cmu.edu/~glai1/data/race/)",
      citation: "Lai et al., RACE: Large-scale ReAding Comprehension Dataset From Examinations, EMNLP 2017",
      modality: "text",
      repository: PUBLISHED.repository,
      config: "high",
      split: "test",
      revision: PUBLISHED.revision,
      rows: 1045,
    }),
    rows: rowsFrom({ speaker: "data-race", source: sourceFrom(source, PUBLISHED), files: FILES, schema: rowSchema }),
    toQuestion,
    protocols: { paper: paperProtocol, strict: strictProtocol },
    extractors: [firstMention],
  });
}

const optionsSchema: z.ZodType<RaceOptions> = z.strictObject(sourceOptions);

const PUBLISHED = {
  speaker: "data-race",
  repository: "EleutherAI/race",
  revision: "e30efe648089df42c548e93faa9c5f1816e2c44f",
};

const FILES = [
  "race_high_test.jsonl",
  "high/test-*.parquet",
  "high/test/*.parquet",
  "test*.parquet",
  "test.jsonl",
  "test.json",
];

const rowSchema = z.object({ article: z.string(), problems: lastProblem });

function toQuestion({ article, problems }: z.output<typeof rowSchema>, id: string): RaceQuestion {
  const { question, options, answer } = problems;
  return {
    id,
    images: [],
    article,
    question,
    choices: lettered(options),
    target: answer,
    cluster: contentKey(article),
  };
}
