import {
  checkOptions,
  type Benchmark,
  type Conversation,
  type Dataset,
  MlanError,
  type Wording,
  chatWording,
  checkWording,
} from "@mlan/core";
import { z } from "zod";
import { createFindings, type Findings, type FoundIn } from "./findings.ts";
import { createImageIndex, type ImageHit, type ImageIndex } from "./image-index.ts";
import { inOrder, type ReadBenchmark, readBenchmark } from "./read-benchmark.ts";
import type { ContaminationReport } from "./report.ts";
import { createTextIndex, type TextIndex } from "./text-index.ts";
import { createVocabulary } from "./vocabulary.ts";

export interface ContaminationOptions {
  /** The tuning data. It is read once, example by example. */
  readonly mixture: Dataset<Conversation>;
  readonly benchmarks: readonly Benchmark[];
  /**
   * The protocol whose prompts are searched for. All benchmarks must have it. Default: each benchmark's default
   * protocol.
   */
  readonly protocol?: string;
  /** The wording of the tuned model. Default: `chatWording("tuned")`. */
  readonly wording?: Wording;
  /** Number of consecutive words that must match, 4 to 100. Default 13, which texts rarely share by chance. */
  readonly ngram?: number;
  /** Two images are the same picture if their 64-bit hashes differ in at most this many bits, 0 to 31. Default 12. */
  readonly imageDistance?: number;
  readonly signal?: AbortSignal;
  onProgress?(progress: ContaminationProgress): void;
}

export interface ContaminationProgress {
  /** Name of the benchmark or mixture that is being read. */
  readonly reading: string;
  readonly done: number;
  readonly total: number;
}

const numbersSchema = z.strictObject({
  protocol: z.string().exactOptional(),
  wording: z
    .custom<Wording>(
      (value) => typeof Object(value).ask === "function",
      "expected a wording, as returned by chatWording()",
    )
    .default(() => chatWording("tuned")),
  ngram: z.int().min(4).max(100).default(13),
  imageDistance: z.int().min(0).max(31).default(12),
});

/** Number of conversations whose images are decoded in parallel. */
const SIDE_BY_SIDE = 16;

/**
 * Finds the questions of benchmarks whose text or images occur in a mixture. Memory use depends on the size of the
 * benchmarks, not of the mixture. Throws `invalid-options` for invalid options, for no benchmark or two with the same
 * name, and for a benchmark without the protocol. Throws `invalid-data`, with example and image, for an image that
 * cannot be read.
 */
export async function contamination(options: ContaminationOptions): Promise<ContaminationReport> {
  const { mixture, benchmarks, signal, onProgress, ...numbers } = options;
  const { protocol, wording, ngram, imageDistance } = check(numbers, benchmarks);
  const report =
    (reading: string, total: number) =>
    (done: number): void => {
      signal?.throwIfAborted();
      onProgress?.({ reading, done, total });
    };
  const vocabulary = createVocabulary();
  const images = createImageIndex(imageDistance);
  const read: (ReadBenchmark & Omit<FoundIn, "isSearchable">)[] = [];
  let first = 0;
  for (const benchmark of benchmarks) {
    const opened = await benchmark.open(signal ? { signal } : {});
    const questions = inOrder(opened, report(benchmark.name, opened.length));
    const part = await readBenchmark({ benchmark, questions, protocol, wording, vocabulary, images, first });
    const asked = { benchmark: benchmark.name, protocol: benchmark.protocol(protocol).name };
    read.push({ ...part, ...asked, fingerprint: opened.fingerprint, first });
    first += opened.length;
  }
  const texts = createTextIndex(
    vocabulary,
    read.map((part) => part.texts),
    ngram,
  );
  const withImages = new Set(read.flatMap((part) => [...part.withImages]));
  const findings = createFindings();
  const search = { name: mixture.name, texts, images, withImages, findings };

  const opened = await mixture.open(signal ? { signal } : {});
  let waiting: (readonly [number, Conversation])[] = [];
  for await (const entry of inOrder(opened, report(mixture.name, opened.length))) {
    waiting.push(entry);
    if (waiting.length < SIDE_BY_SIDE) continue;
    await searchIn(waiting, search);
    waiting = [];
  }
  await searchIn(waiting, search);

  const isSearchable = (question: number): boolean => withImages.has(question) || texts.has(question);
  return {
    mixture: { name: mixture.name, fingerprint: opened.fingerprint, examples: opened.length },
    ngram,
    imageDistance,
    benchmarks: read.map((part) => findings.of({ ...part, isSearchable })),
  };
}

interface Search {
  readonly name: string;
  readonly texts: TextIndex;
  readonly images: ImageIndex;
  readonly withImages: ReadonlySet<number>;
  readonly findings: Findings;
}

async function searchIn(entries: readonly (readonly [number, Conversation])[], search: Search): Promise<void> {
  const { texts, images, withImages, findings } = search;
  const imageHits = await Promise.all(entries.map((entry) => imagesOf(entry, search.name, images)));
  for (const [at, [index, { id, turns }]] of entries.entries()) {
    const place = { example: id, index };
    const pictured = new Set<number>();
    for (const { question, kind, match } of imageHits[at] ?? []) {
      pictured.add(question);
      findings.add(question, { kind, ...place }, () => match);
    }
    for (const { question, kind, match } of texts.find(turns)) {
      const isEvidence = kind === "n-gram" || !withImages.has(question) || pictured.has(question);
      const add = isEvidence ? findings.add : findings.addTextOnly;
      add(question, { kind, ...place }, match);
    }
  }
}

async function imagesOf(
  [index, { id, images }]: readonly [number, Conversation],
  mixture: string,
  known: ImageIndex,
): Promise<readonly (ImageHit & { readonly match: string })[]> {
  if (known.size === 0) return [];
  const place = `example ${index} (${JSON.stringify(id)}) of ${mixture}`;
  const found = await Promise.all(
    images.map(async (image) =>
      (await known.find(image, place)).map((hit) => ({ ...hit, match: `${hit.name} = ${image.name}` })),
    ),
  );
  return found.flat();
}

function check(numbers: unknown, benchmarks: readonly Benchmark[]): z.output<typeof numbersSchema> {
  const checked = checkOptions("contamination", numbersSchema, numbers);
  const names = benchmarks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new MlanError("invalid-options", `contamination: there are two benchmarks "${twice}"; give each once.`);
  }
  if (names.length === 0) {
    throw new MlanError("invalid-options", "contamination: there is no benchmark to look for; give at least one.");
  }
  // Before reading anything, throws for a protocol that a benchmark lacks, or that does not support the wording.
  for (const benchmark of benchmarks) {
    checkWording(benchmark, benchmark.protocol(checked.protocol).name, checked.wording.name);
  }
  return checked;
}
