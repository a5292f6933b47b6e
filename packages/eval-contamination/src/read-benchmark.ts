import {
  type Benchmark,
  type Examples,
  IMAGE_PLACEHOLDER,
  type Prompt,
  promptTexts,
  type Question,
  type Wording,
} from "@mlan/core";
import type { BenchmarkTexts } from "./corpus.ts";
import type { ImageIndex } from "./image-index.ts";
import { ownTexts } from "./own-text.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What is kept of a benchmark after it has been read. The hashes of its images are kept in an {@link ImageIndex}. */
export interface ReadBenchmark {
  readonly texts: BenchmarkTexts;
  readonly ids: readonly string[];
  /** Numbers of the questions with images, among the questions of all benchmarks. */
  readonly withImages: ReadonlySet<number>;
}

export interface ReadBenchmarkOptions {
  readonly benchmark: Benchmark;
  readonly questions: AsyncIterable<readonly [number, Question]>;
  readonly protocol: string | undefined;
  readonly wording: Wording;
  readonly vocabulary: Vocabulary;
  readonly images: ImageIndex;
  /** Number of the benchmark's first question among the questions of all benchmarks. */
  readonly first: number;
}

export async function readBenchmark(options: ReadBenchmarkOptions): Promise<ReadBenchmark> {
  const { benchmark, wording, vocabulary, images, first } = options;
  const protocol = benchmark.protocol(options.protocol);
  const clusters = new Map<string, number>();
  const ids: string[] = [];
  const withImages = new Set<number>();
  const asked: { question: number; lines: (readonly number[])[]; choices: (readonly number[])[]; cluster: number }[] =
    [];
  for await (const [index, question] of options.questions) {
    const number = first + index;
    ids.push(question.id);
    const cluster = numberOf(clusters, question.cluster ?? `question ${question.id}`);
    const lines = textOf(protocol.prompt(question, wording)).split("\n").map(vocabulary.add);
    const choices = protocol.choices(question).map(({ text }) => vocabulary.add(text));
    asked.push({ question: number, lines, choices, cluster });
    if (question.images.length > 0) withImages.add(number);
    for (const image of question.images) {
      await images.add(number, image, `question ${index} (${JSON.stringify(question.id)}) of ${benchmark.name}`);
    }
  }
  asked.sort((one, other) => one.cluster - other.cluster);
  const texts = ownTexts(asked, clusters.size);
  const questions = texts.map((text, index) => ({ question: asked[index]?.question ?? 0, text }));
  return { texts: { clusters: clusters.size, questions }, ids, withImages };
}

/** Yields every example once, in order. Calls `taken` with the number of examples yielded. */
export async function* inOrder<Example>(
  examples: Examples<Example>,
  taken: (count: number) => void,
): AsyncGenerator<readonly [number, Example]> {
  for (let index = 0; index < examples.length; index++) {
    yield [index, await examples.at(index)];
    taken(index + 1);
  }
}

function textOf(prompt: Prompt): string {
  return promptTexts(prompt).join("\n").replaceAll(IMAGE_PLACEHOLDER, "\n");
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name) ?? numbers.size;
  numbers.set(name, known);
  return known;
}
