import { seededRandom } from "@mlan/core";
import type { ComparedAnswer, ComparedResult } from "@mlan/eval-compare";

export const fingerprints = { questions: "questions-1", prompts: "prompts-1", protocol: "protocol-1" };

/** A result with correct (1) and wrong (0) answers to questions "0", "1", ...; `perCluster` consecutive questions share an image. */
export function result(
  correct: readonly number[],
  { perCluster, ...changes }: Partial<ComparedResult> & { readonly perCluster?: number } = {},
): ComparedResult {
  const answers = correct.map((one, index): ComparedAnswer => ({
    id: `${index}`,
    correct: one === 1,
    target: index % 2 === 0 ? "yes" : "no",
    ...(perCluster !== undefined && { cluster: `image ${Math.floor(index / perCluster)}` }),
  }));
  return { benchmark: "boolq", protocol: "strict", fingerprints, label: "run-a: base", answers, ...changes };
}

/** Seeded random values: 1 with the given probability, otherwise 0. */
export function drawn(length: number, probability: number, seed: number): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length }, () => Number(random.next() < probability));
}

/** Two results with the given numbers of questions that both, only the first, only the second, or none answered correctly. */
export function table(both: number, onlyFirst: number, onlySecond: number, none: number) {
  const pairs = [
    ...Array.from({ length: both }, () => [1, 1] as const),
    ...Array.from({ length: onlyFirst }, () => [1, 0] as const),
    ...Array.from({ length: onlySecond }, () => [0, 1] as const),
    ...Array.from({ length: none }, () => [0, 0] as const),
  ];
  return { first: pairs.map(([one]) => one), second: pairs.map(([, other]) => other) };
}
