import type { Outcome } from "@mlan/core";
import { pope } from "@mlan/data-pope";
import fc from "fast-check";
import { expect, test } from "vitest";

const ORDER = ["accuracy", "precision", "recall", "f1", "yes_ratio"];

//           TP  FP  FN  TN  other answers: gold yes, gold no
const COUNTS = [6, 2, 3, 5, 1, 3] as const;

// By hand: 20 questions, 10 of them "yes"; 8 answers "yes". Paper forgets the one unreadable "yes" in the recall.
test.each([
  ["paper", [11 / 20, 6 / 8, 6 / 9, (2 * 0.75 * (6 / 9)) / (0.75 + 6 / 9), 10 / 20]],
  ["strict", [11 / 20, 6 / 8, 6 / 10, (2 * 0.75 * 0.6) / (0.75 + 0.6), 8 / 20]],
] as const)("%s computes its metrics, accuracy first", (name, expected) => {
  const { metrics } = pope().protocol(name);
  expect(Object.keys(metrics)).toEqual(ORDER);
  for (const [index, metric] of Object.values(metrics).entries()) {
    expect(metric(outcomes(name, COUNTS)), ORDER[index]).toBeCloseTo(expected[index]!, 12);
  }
});

test.each(["paper", "strict"] as const)("%s gives finite numbers in 0..1 for any answers, none included", (name) => {
  const counts = fc.tuple(...Array.from({ length: 6 }, () => fc.nat({ max: 4 })));
  fc.assert(
    fc.property(counts, (all) => {
      for (const metric of Object.values(pope().protocol(name).metrics)) {
        const value = metric(outcomes(name, all));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }),
  );
});

/**
 * Returns outcomes as an evaluator creates them from answers. The answer "maybe" stays unchanged under `paper` and is
 * unreadable under `strict`.
 */
function outcomes(name: string, counts: readonly number[]): readonly Outcome[] {
  const { extract, isCorrect } = pope().protocol(name).extractor("tuned");
  const cases = [
    ["yes", "yes"],
    ["no", "yes"],
    ["yes", "no"],
    ["no", "no"],
    ["yes", "maybe"],
    ["no", "maybe"],
  ] as const;
  return cases.flatMap(([target, answer], index) =>
    Array.from({ length: counts[index] ?? 0 }, (): Outcome => {
      const extracted = extract(answer, []);
      return { id: "", target, extracted, correct: extracted !== undefined && isCorrect(extracted, target) };
    }),
  );
}
