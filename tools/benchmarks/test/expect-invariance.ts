import type { Benchmark, BenchmarkResult, ChoiceScore, Model } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { likelihood } from "@mlan/eval-likelihood";
import { expect } from "vitest";
import { type Evaluated, evaluated } from "./evaluated.ts";

export interface Way {
  readonly batchSize: number;
  readonly sharePrefixes: boolean;
}

export interface Invariant {
  /** Raw answers by question id. */
  readonly answers: ReadonlyMap<string, string>;
  readonly costs: readonly { readonly way: Way; readonly positions: BenchmarkResult["positions"] }[];
}

/** Checks that generated answers do not depend on batching. */
export async function expectOneAnswerEach(
  model: Model,
  benchmark: Benchmark,
  protocol: string,
  ways: readonly Way[],
): Promise<Invariant> {
  let answers: ReadonlyMap<string, string> | undefined;
  const costs: Invariant["costs"][number][] = [];
  for (const way of ways) {
    const run = await evaluated(generation(way), { model, benchmark, protocol });
    answers ??= textsOf(run);
    expect(textsOf(run), nameOf(benchmark, protocol, way)).toEqual(answers);
    costs.push({ way, positions: run.result.positions });
  }
  return { answers: answers ?? new Map(), costs };
}

/**
 * Checks that the most likely choices do not depend on batching, and that log-probabilities are nearly equal. Returns
 * the choices by question.
 */
export async function expectOneRanking(
  model: Model,
  benchmark: Benchmark,
  protocol: string,
  ways: readonly Way[],
): Promise<ReadonlyMap<string, string>> {
  let first: Evaluated | undefined;
  for (const way of ways) {
    const run = await evaluated(likelihood(way), { model, benchmark, protocol });
    first ??= run;
    expect(textsOf(run), nameOf(benchmark, protocol, way)).toEqual(textsOf(first));
    for (const [id, { scores = [] }] of run.answers) {
      const expected = first.answers.get(id)?.scores ?? [];
      expect(scores.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
      expect(distance(scores, expected), `${id}: ${nameOf(benchmark, protocol, way)}`).toBeLessThan(1e-4);
    }
  }
  return first ? textsOf(first) : new Map();
}

function textsOf({ answers }: Evaluated): ReadonlyMap<string, string> {
  return new Map([...answers.values()].map(({ id, answer }) => [id, answer] as const));
}

/** Returns the largest difference over the choices of a question. */
function distance(scores: readonly ChoiceScore[], expected: readonly ChoiceScore[]): number {
  const distances = scores.map(({ logProbability }, choice) =>
    Math.abs(logProbability - (expected[choice]?.logProbability ?? NaN)),
  );
  return Math.max(0, ...distances);
}

function nameOf({ name }: Benchmark, protocol: string, { batchSize, sharePrefixes }: Way): string {
  return `${name}, ${protocol}, batches of ${batchSize}, prefixes ${sharePrefixes ? "shared" : "not shared"}`;
}
