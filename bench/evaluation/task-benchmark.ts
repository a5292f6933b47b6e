import type { Benchmark, Extractor, Protocol, Question } from "@mlan/core";
import { accuracy, exactMatch, languageHarnessPrompt, textBefore } from "@mlan/data-kit";
import { memoryDataset } from "@mlan/testing";
import type { LanguageQuestion, LanguageTask } from "./language-tasks.ts";

interface TaskQuestion extends Question, LanguageQuestion {
  readonly choices: LanguageQuestion["choices"];
}

/**
 * Returns a language task as a benchmark with the prompts of the paper's language harness, without the
 * begin-of-sequence token.
 */
export function taskBenchmark(
  { name, questions }: LanguageTask,
  stop: readonly string[],
  maximumNewTokens: number,
): Benchmark<TaskQuestion> {
  const extractor: Extractor = {
    name: "letter",
    version: 1,
    stop: [...stop, "</s>"],
    extract: (answer) => textBefore(answer, ".,:") || undefined,
    isCorrect: (extracted, target) => exactMatch(extracted, target, { ignoreCase: true }),
  };
  const protocol = (): Protocol<TaskQuestion> => ({
    name: "paper",
    version: 1,
    prompt: ({ prompt }) => languageHarnessPrompt(prompt),
    choices: ({ choices }) => choices,
    maximumNewTokens,
    extractor: () => extractor,
    metrics: { accuracy },
  });
  const rows = questions.map((question) => ({ ...question, images: [] }));
  return { ...memoryDataset<TaskQuestion>(name, rows), protocols: ["paper"], protocol, extractors: [extractor] };
}
