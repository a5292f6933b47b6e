import { createScope, EVALUATOR, type EvaluateRun, type Model, type Verification } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { describe, expect, test } from "vitest";
import { parity } from "./parity.ts";
import { scriptedModel } from "./scripted-model.ts";

const QUESTIONS = 40;

/**
 * Creates a model that answers "yes" to every question, but answers some questions differently when they are asked
 * alone.
 */
function moody(flips: ReadonlySet<string>, log: string[] = []): Model {
  const together = scriptedModel(() => " yes");
  return {
    ...together,
    async *generate(requests, options) {
      const alone = options?.sharePrefixes === false && options.batchSize === 1 && requests.length === 1;
      for await (const answer of together.generate(requests, options)) {
        if (!alone) yield answer;
        else {
          log.push(answer.id);
          const text = flips.has(answer.id) ? " no" : answer.text;
          yield { ...answer, text, tokens: [7, 2], margins: [Number(answer.id) + 1, 100] };
        }
      }
    },
  };
}

async function verify(model: Model, count: number, over: Partial<EvaluateRun> = {}): Promise<Verification | undefined> {
  const evaluator = createScope([generation({ verify: count })]).get(EVALUATOR);
  const run = { model, benchmark: parity({ questions: QUESTIONS }), protocol: "strict", ...over } as const;
  for await (const event of evaluator.evaluate(run))
    if (event.type === "evaluate-end") return event.result.verification;
  throw new Error("no result");
}

describe("verify", () => {
  test("asks so many questions again alone, and finds every flip with its margin", async () => {
    const flips = new Set(Array.from({ length: QUESTIONS }, (_, id) => `${id}`).filter((id) => Number(id) % 3 === 0));
    const log: string[] = [];
    const result = await verify(moody(flips, log), 16);
    expect(result?.checked).toBe(16);
    expect(new Set(log).size).toBe(16);
    expect(result?.flips.map(({ id }) => id).toSorted()).toEqual(log.filter((id) => flips.has(id)).toSorted());
    for (const { id, together, alone, margin } of result?.flips ?? []) {
      expect([together, alone, margin]).toEqual([" yes", " no", Number(id) + 1]);
    }
    expect(result?.smallestMargin).toBe(Math.min(...log.map(Number)) + 1);
  });

  test("draws the same questions each time, not the first ones, and all when there are few", async () => {
    const [one, other, all]: [string[], string[], string[]] = [[], [], []];
    await verify(moody(new Set(), one), 8);
    await verify(moody(new Set(), other), 8);
    expect(other).toEqual(one);
    expect(Math.max(...one.map(Number))).toBeGreaterThan(8);
    expect(await verify(moody(new Set(), all), 1000)).toMatchObject({ checked: QUESTIONS, flips: [] });
    expect(all.toSorted()).toEqual(Array.from({ length: QUESTIONS }, (_, id) => `${id}`).toSorted());
  });

  test("refuses a margin that is not a number, naming the question", async () => {
    const steady = moody(new Set());
    const model: Model = {
      ...steady,
      async *generate(requests, options) {
        for await (const answer of steady.generate(requests, options)) {
          yield answer.id === "7" && answer.margins ? { ...answer, margins: [3, NaN] } : answer;
        }
      },
    };
    await expect(verify(model, QUESTIONS)).rejects.toThrow(
      'generation: the model returned a margin for "7" that is not a number.',
    );
  });

  test("is not done unless asked for", async () => {
    const log: string[] = [];
    expect(await verify(moody(new Set(["1"]), log), 0)).toBeUndefined();
    expect(log).toEqual([]);
  });
});
