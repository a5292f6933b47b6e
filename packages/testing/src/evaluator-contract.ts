import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { EvaluateEvent, EvaluateEndEvent, Evaluator } from "@mlan/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeModelSource } from "./fake-model.ts";
import { memoryBenchmark } from "./memory-benchmark.ts";

const QUESTIONS = Array.from({ length: 10 }, (_, index) => ({
  id: `question-${index}`,
  images: [],
  text: `${index}?`,
  target: index < 7 ? "yes" : "no",
  cluster: `article-${Math.floor(index / 2)}`,
}));

/**
 * Declares the contract tests of evaluators: every question is asked, scores are correct, stored answers are reused.
 */
export function describeEvaluatorContract(evaluator: Evaluator): void {
  describe(`${evaluator.name} keeps the evaluator contract`, () => {
    const benchmark = memoryBenchmark("yes-or-no", QUESTIONS);
    let folder: URL;
    beforeEach(async () => {
      folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-evaluator-"))}/`);
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    /** Runs the evaluator on a model that always answers yes. `asked` are the prompts that reached the model. */
    const run = async (answers?: URL, stopAfter = Infinity): Promise<{ events: EvaluateEvent[]; asked: string[] }> => {
      const asked: string[] = [];
      const source = fakeModelSource({
        answer: ({ id }) => {
          asked.push(id);
          return " yes\nand more";
        },
      });
      const model = await source.open();
      const events: EvaluateEvent[] = [];
      for await (const event of evaluator.evaluate({
        model,
        benchmark,
        protocol: "strict",
        ...(answers && { answers }),
      })) {
        events.push(event);
        if (events.filter(({ type }) => type === "question-answered").length >= stopAfter) break;
      }
      model.dispose();
      return { events, asked };
    };

    it("speaks spec version 1", () => expect(evaluator.specVersion).toBe(1));

    it("asks every question once and counts right answers, cut at the stop string", async () => {
      const { events } = await run();
      const answered = events.flatMap((event) => (event.type === "question-answered" ? [event.answer.id] : []));
      expect(answered.toSorted()).toEqual(QUESTIONS.map(({ id }) => id).toSorted());
      const end = endOf(events);
      expect(end.result).toMatchObject({ benchmark: "yes-or-no", protocol: "strict", questions: 10, unreadable: 0 });
      expect(end.result.metrics["accuracy"]?.value).toBeCloseTo(0.7, 12);
      expect(end.result.metrics["accuracy"]?.standardError).toBeGreaterThan(0);
    });

    it("keeps answers and asks none of them again", async () => {
      const answers = new URL("answers.jsonl", folder);
      const { events } = await run(answers);
      const again = await run(answers);
      expect(again.asked).toEqual([]);
      expect(endOf(again.events).result.metrics).toEqual(endOf(events).result.metrics);
      expect(await readFile(answers, "utf8")).toContain("and more");
    });

    it("continues after a stop with the same outcome", async () => {
      const answers = new URL("answers.jsonl", folder);
      await run(answers, 3);
      const { events } = await run(answers);
      expect(endOf(events).result.metrics).toEqual(endOf((await run()).events).result.metrics);
    });
  });
}

function endOf(events: readonly EvaluateEvent[]): EvaluateEndEvent {
  const last = events.at(-1);
  if (last?.type !== "evaluate-end") throw new Error(`expected evaluate-end last, got ${last?.type}`);
  return last;
}
