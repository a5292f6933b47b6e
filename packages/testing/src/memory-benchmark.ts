import type { Benchmark, Extractor, Metric, Outcome, Protocol, ProtocolName, Question } from "@mlan/core";
import { memoryDataset } from "./memory-dataset.ts";

/** A question whose prompt is its own text. */
export interface PlainQuestion extends Question {
  readonly text: string;
}

/** A benchmark of the given questions: asked as they are, exact match, accuracy. */
export function memoryBenchmark(name: string, questions: readonly PlainQuestion[]): Benchmark<PlainQuestion> {
  return { ...memoryDataset(name, questions), protocol: plainProtocol, extractors: [wholeLine] };
}

const wholeLine: Extractor = {
  name: "whole-line",
  version: 1,
  stop: ["\n"],
  extract: (answer) => (answer.trim() === "" ? undefined : answer.trim()),
  isCorrect: (extracted, target) => extracted === target,
};

function plainProtocol(name: ProtocolName): Protocol<PlainQuestion> {
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
