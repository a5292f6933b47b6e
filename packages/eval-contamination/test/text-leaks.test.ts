import { type Choice, type Random, seededRandom } from "@mlan/core";
import { contamination } from "@mlan/eval-contamination";
import { memoryBenchmark, type PlainQuestion } from "@mlan/testing";
import { expect, it } from "vitest";
import { conversation, lazyMixture, passage, REWORDINGS, sentence, unrelated } from "./synthetic-text.ts";

const EXAMPLES = 40_000;
/** Number of leaks of each kind: 0.1% of the mixture. */
const PLANTED = EXAMPLES / 1000;

const random = seededRandom(0x7e87);

const passages = Array.from({ length: 400 }, (_, index) => ({ cluster: `passage-${index}`, text: passage(random, 8) }));
/** A benchmark with three questions about each passage. */
const reading = passages.flatMap(({ cluster, text }) =>
  [0, 1, 2].map((number) => ({ id: `${cluster}-${number}`, text, question: `${sentence(random, 9)}?`, cluster })),
);
const facts = Array.from({ length: 600 }, (_, index) => ({
  id: `fact-${index}`,
  stem: `${sentence(random, 4 + (index % 8))}?`,
  choices: Array.from({ length: 4 }, (_, choice) => ({ label: "ABCD".charAt(choice), text: sentence(random, 2) })),
}));

const benchmarks = [
  memoryBenchmark(
    "reading",
    reading.map(({ id, text, question, cluster }) => plain(id, askToRead(text, question), [], cluster)),
  ),
  memoryBenchmark(
    "facts",
    facts.map(({ id, stem, choices }) => plain(id, askFact(stem, choices), choices)),
  ),
];

interface Planted {
  readonly kind: string;
  readonly ids: readonly string[];
  tell(random: Random): string;
}

const planted: readonly Planted[] = [
  ...Object.entries(REWORDINGS).flatMap(([name, reword], kind) => [
    ...plant(`facts, ${name}`, kind, (index) => {
      const { id, stem, choices } = facts[index] ?? never();
      const text = `${stem}\n${choices.map((choice, at) => `${at + 1}) ${choice.text}`).join("\n")}`;
      return { ids: [id], tell: (random) => reword(text, random) };
    }),
    ...plant(`passages, ${name}`, kind, (index) => {
      const { cluster, text } = passages[index] ?? never();
      return { ids: idsOf(cluster), tell: (random) => reword(text, random) };
    }),
  ]),
  ...plant("prompts as they are", 7, (index) => {
    const { cluster, text, question } = reading[index * 3] ?? never();
    return { ids: idsOf(cluster), tell: () => askToRead(text, question) };
  }),
  ...plant("a piece of a passage", 8, (index) => {
    const { cluster, text } = passages[index] ?? never();
    const words = text.split(" ").slice(20, 36);
    return {
      ids: idsOf(cluster),
      tell: (random) => `${sentence(random, 8)}. ${words.join(" ")} ${sentence(random, 8)}.`,
    };
  }),
];

it("finds leaks of 0.1 % with recall and precision of at least 0.99", { timeout: 300_000 }, async () => {
  expect(planted.length).toBeGreaterThanOrEqual(600);
  const step = Math.floor(EXAMPLES / planted.length);
  const at = (index: number): Planted | undefined => (index % step === 0 ? planted[index / step] : undefined);
  const mixture = lazyMixture(EXAMPLES, (index, random) => {
    const leak = at(index);
    return leak ? conversation(`${leak.kind} ${index}`, leak.tell(random)) : unrelated(index, random);
  });
  const report = await contamination({ mixture, benchmarks });

  const leaked = new Set(planted.flatMap(({ ids }) => ids));
  const found = report.benchmarks.flatMap(({ contaminated }) => contaminated);
  const right = found.filter(({ id }) => leaked.has(id));
  const recall = right.length / leaked.size;
  const precision = right.length / found.length;
  expect(recall).toBeGreaterThanOrEqual(0.99);
  expect(precision).toBe(1);
  expect(leaked.size).toBeLessThan(reading.length + facts.length);

  const places = new Map(planted.map((leak, number) => [number * step, leak]));
  for (const { id, leaks } of found) {
    for (const { index, match } of leaks) {
      expect(places.get(index)?.ids).toContain(id);
      expect(match.split(" ").length).toBeGreaterThan(3);
    }
  }
  const [ofReading, ofFacts] = report.benchmarks;
  expect(ofReading?.kinds["n-gram"]).toBe(ofReading?.contaminated.length);
  expect(ofFacts?.kinds["exact-text"]).toBe(ofFacts?.contaminated.length);
  expect(report.mixture.examples).toBe(EXAMPLES);
});

/** Creates the leaks of one kind. Every leak has different questions, so that recall counts leaks. */
function plant(name: string, kind: number, make: (index: number) => Omit<Planted, "kind">): Planted[] {
  return Array.from({ length: PLANTED }, (_, index) => ({ kind: name, ...make(kind * PLANTED + index) }));
}

function plain(id: string, text: string, choices: readonly Choice[], cluster?: string): PlainQuestion {
  return { id, text, choices, target: "A", images: [], ...(cluster !== undefined && { cluster }) };
}

function askToRead(text: string, question: string): string {
  return `Context: ${text}\nQuestion: ${question}\nPlease answer the question with 'yes' or 'no', and with nothing else but one of these two words.`;
}

function askFact(stem: string, choices: readonly Choice[]): string {
  const lines = choices.map(({ label, text }) => `${label}: ${text}`);
  return `Question: ${stem}\n${lines.join("\n")}\nThe best answer is "`;
}

function idsOf(cluster: string): readonly string[] {
  return reading.filter((question) => question.cluster === cluster).map(({ id }) => id);
}

function never(): never {
  throw new Error("there is no such question");
}
