import {
  type Benchmark,
  defineDataset,
  type Extractor,
  type Metric,
  type Outcome,
  type Protocol,
  type Question,
} from "@mlan/core";

export interface ParityOptions {
  readonly questions: number;
  /** Number of questions per cluster. */
  readonly perArticle?: number;
  readonly wording?: string;
  readonly version?: number;
  readonly ids?: (number: number) => string;
}

interface ParityQuestion extends Question {
  readonly text: string;
}

/** Creates a benchmark of questions such as "Is 7 even?". */
export function parity(options: ParityOptions): Benchmark<ParityQuestion> {
  const { questions, perArticle, wording = "Is {n} even?", version = 3, ids = String } = options;
  const dataset = defineDataset<number, ParityQuestion>({
    name: "parity",
    rows: async () => Array.from({ length: questions }, (_, number) => number),
    toExample: (number) => ({
      id: ids(number),
      images: [],
      text: wording.replace("{n}", `${number}`),
      target: number % 2 === 0 ? "yes" : "no",
      ...(perArticle !== undefined && { cluster: `article ${Math.floor(number / perArticle)}` }),
    }),
  });
  return {
    ...dataset,
    extractors: [wholeAnswer],
    protocols: ["strict", "paper"],
    protocol: (name = "strict") => protocol(name, version),
  };
}

const wholeAnswer: Extractor = {
  name: "whole-answer",
  version: 1,
  stop: ['"'],
  extract: (answer) => /^\s*(yes|no)$/.exec(answer)?.[1],
  isCorrect: (extracted, target) => extracted === target,
};

function protocol(name: string, version: number): Protocol<ParityQuestion> {
  return {
    name,
    version,
    maximumNewTokens: 4,
    prompt: ({ text }, wording) =>
      name === "strict" && wording.name === "tuned"
        ? { kind: "chat", user: text, answerStart: 'The best answer is "' }
        : {
            kind: "raw",
            text: `Question: ${text}\nAnswer: The best answer is "`,
            beginOfSequence: name === "strict",
          },
    choices: () => [],
    extractor: () => wholeAnswer,
    metrics: { accuracy },
  };
}

const accuracy: Metric = Object.assign(
  (outcomes: readonly Outcome[]) => outcomes.filter(({ correct }) => correct).length / outcomes.length,
  { proportion: true } as const,
);
