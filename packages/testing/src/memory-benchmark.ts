import {
  type Benchmark,
  type Extractor,
  type Metric,
  MlanError,
  type Outcome,
  type Protocol,
  type Question,
} from "@mlan/core";
import { memoryDataset } from "./memory-dataset.ts";

/** A question. Its text is the prompt. */
export interface PlainQuestion extends Question {
  readonly text: string;
}

/**
 * Creates a benchmark of the given questions, with exact match and accuracy. Its protocols differ only in their names.
 */
export function memoryBenchmark(name: string, questions: readonly PlainQuestion[]): Benchmark<PlainQuestion> {
  return {
    ...memoryDataset(name, questions),
    protocols: PROTOCOLS,
    protocol(wanted = "strict") {
      if (PROTOCOLS.includes(wanted)) return plainProtocol(wanted);
      throw new MlanError("invalid-options", `${name}: there is no protocol "${wanted}"; it has strict and paper.`);
    },
    extractors: [wholeLine],
  };
}

const PROTOCOLS: readonly string[] = ["strict", "paper"];

const wholeLine: Extractor = {
  name: "whole-line",
  version: 1,
  stop: ["\n"],
  extract: (answer) => (answer.trim() === "" ? undefined : answer.trim()),
  isCorrect: (extracted, target) => extracted === target,
};

function plainProtocol(name: string): Protocol<PlainQuestion> {
  return {
    name,
    version: 1,
    prompt: ({ text }) => ({ kind: "raw", text, beginOfSequence: true }),
    choices: ({ choices = [] }) => choices,
    maximumNewTokens: 8,
    extractor: () => wholeLine,
    metrics: { accuracy },
  };
}

const accuracy: Metric = Object.assign(
  (outcomes: readonly Outcome[]) => outcomes.filter(({ correct }) => correct).length / Math.max(1, outcomes.length),
  { proportion: true } as const,
);
