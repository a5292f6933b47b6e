import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createScope, EVALUATOR } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { expect, test } from "vitest";
import { parity } from "./parity.ts";
import { scriptedModel } from "./scripted-model.ts";

const QUESTIONS = 25_000;
const MEGABYTE = 2 ** 20;

test("25,000 questions of 4 kB each are evaluated in memory that does not grow", async () => {
  const wording = `${"word ".repeat(800)} Is {n} even?`;
  const benchmark = parity({ questions: QUESTIONS, perArticle: 2, wording });
  const model = scriptedModel(() => ' yes". And so on', { forgetful: true });
  const heap: number[] = [];
  for await (const event of createScope([generation()])
    .get(EVALUATOR)
    .evaluate({ model, benchmark, protocol: "strict" })) {
    if (event.type === "question-answered" && event.answered % 5000 === 0) heap.push(heapUsed());
    if (event.type === "evaluate-end") expect(event.result.questions).toBe(QUESTIONS);
  }
  expect(heap).toHaveLength(5);
  // All prompts together are 100 MB; an outcome per question stays.
  expect((heap.at(-1) ?? NaN) - (heap[0] ?? NaN)).toBeLessThan(16 * MEGABYTE);
});

function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
