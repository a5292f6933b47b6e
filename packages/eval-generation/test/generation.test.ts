import "@tensorflow/tfjs-backend-cpu"; // the contract suite's model keeps tensors
import { type AnswerRecord, COMPUTE, createScope, EVALUATOR, type EvaluateEvent, type EvaluateRun } from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import { describeEvaluatorContract, plainCompute, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { parity } from "./parity.ts";
import { scriptedModel } from "./scripted-model.ts";
import { questions, knowing, evaluatorOf, eventsOf, resultOf } from "./evaluate-parity.ts";

describeEvaluatorContract(createScope([generation()]).get(EVALUATOR));

const answersIn = (events: readonly EvaluateEvent[]): readonly AnswerRecord[] =>
  events.flatMap((event) => (event.type === "question-answered" ? [event.answer] : []));

describe("an evaluation", () => {
  test("asks in the protocol's words, cuts, extracts, judges, and reports", async () => {
    const model = scriptedModel(knowing);
    const events = await eventsOf({ model, benchmark: parity({ questions }), protocol: "strict" });
    expect(events[0]).toEqual({ type: "evaluate-start", benchmark: "parity", questions, answered: 0 });
    const answers = answersIn(events);
    expect(answers.find(({ id }) => id === "3")).toEqual({
      id: "3",
      prompt: expect.stringMatching(/^[\da-f]{16}$/),
      asked: 'Is 3 even?\nThe best answer is "',
      answer: ' no". And so on',
      extracted: "no",
      target: "no",
      correct: true,
    });
    expect(events.at(-1)).toMatchObject({
      type: "evaluate-end",
      result: {
        benchmark: "parity",
        protocol: "strict",
        protocolVersion: 3,
        wording: "tuned",
        questions,
        unreadable: 0,
        metrics: { accuracy: { value: 1, standardError: 0 } },
      },
    });
    expect(model.asked).toHaveLength(questions);
    expect(model.asked[0]).toMatchObject({ maximumNewTokens: 4, stop: ['"'], prompt: { kind: "chat" } });
  });

  test("puts the paper's prompts in the model's wording", async () => {
    const model = scriptedModel(knowing, { wording: WORDINGS["llama2-base"] });
    await eventsOf({ model, benchmark: parity({ questions }), protocol: "paper" });
    expect(model.asked.map(({ prompt }) => prompt)).toContainEqual({
      kind: "raw",
      text: 'Question: Is 3 even?\nAnswer: The best answer is "',
      beginOfSequence: false,
    });
  });

  test("counts answers that cannot be read as wrong, and says how many they are", async () => {
    const model = scriptedModel((prompt, id) => (id === "0" ? "perhaps" : knowing(prompt)));
    const result = await resultOf({ model, benchmark: parity({ questions }), protocol: "strict" });
    expect(result.unreadable).toBe(1);
    expect(result.metrics["accuracy"]?.value).toBeCloseTo((questions - 1) / questions, 12);
  });

  test("counts questions on one article as one observation", async () => {
    const model = scriptedModel(() => "yes");
    const alone = await resultOf({ model, benchmark: parity({ questions }), protocol: "strict" });
    // Articles hold an even and an odd number each: every one is answered half right, so nothing varies.
    const paired = await resultOf({ model, benchmark: parity({ questions, perArticle: 2 }), protocol: "strict" });
    expect(alone.metrics["accuracy"]?.standardError).toBeGreaterThan(0.1);
    expect(alone.metrics["accuracy"]?.interval?.method).toBe("wilson");
    expect(paired.metrics["accuracy"]).toEqual({
      value: 0.5,
      standardError: 0,
      interval: { low: 0.5, high: 0.5, level: 0.95, method: "cluster-bootstrap" },
    });
  });

  test("hands the longest questions to the model first, and those on one article together", async () => {
    const model = scriptedModel(knowing);
    await eventsOf({ model, benchmark: parity({ questions: 120, perArticle: 3 }), protocol: "strict" });
    const asked = model.asked.map(({ id }) => Number(id));
    expect(Math.floor(asked[0]! / 3)).toBeGreaterThanOrEqual(33);
    expect(asked.at(-1)).toBeLessThan(10);
    for (let place = 0; place < 120; place += 3) {
      expect(new Set(asked.slice(place, place + 3).map((id) => Math.floor(id / 3))).size).toBe(1);
    }
  });

  test("stamps equal questions equally, and others otherwise", async () => {
    const stamp = async (run: Partial<EvaluateRun>): Promise<string> =>
      JSON.stringify(
        (
          await resultOf({
            model: scriptedModel(knowing),
            benchmark: parity({ questions }),
            protocol: "strict",
            ...run,
          })
        ).fingerprints,
      );
    const reference = await stamp({});
    expect(await stamp({ model: scriptedModel(() => "no") })).toBe(reference);
    for (const other of [
      await stamp({ benchmark: parity({ questions: 11 }) }),
      await stamp({ protocol: "paper" }),
      await stamp({ model: scriptedModel(knowing, { wording: WORDINGS["vicuna-base"] }) }),
      await stamp({ benchmark: parity({ questions, wording: "Is it true that {n} is even?" }) }),
      await stamp({ benchmark: parity({ questions, version: 4 }) }),
    ]) {
      expect(Object.values(JSON.parse(other))).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{64}$/)));
      expect(other).not.toBe(reference);
    }
  });

  test("passes the batch size on, and takes the time from the scope's clock", async () => {
    const model = scriptedModel(knowing);
    let calls = 0;
    const clock = { now: () => (calls++ === 0 ? 1000 : 2500) };
    const run = { model, benchmark: parity({ questions }), protocol: "strict" as const };
    const events = [];
    for await (const event of evaluatorOf({ batchSize: 5 }, clock).evaluate(run)) events.push(event);
    expect(model.options).toEqual([{ batchSize: 5, longPrompts: "truncate" }]);
    expect(events.at(-1)).toMatchObject({ result: { seconds: 1.5 } });
  });
});

describe("the compute of its scope", () => {
  test("is opened before the model is asked, not when the evaluator is made", async () => {
    const log: string[] = [];
    const compute = { ...plainCompute(), open: async () => void log.push("opened") };
    const scope = createScope([generation(), { name: "compute", token: COMPUTE, create: () => compute }]);
    const { evaluate } = scope.get(EVALUATOR);
    expect(log).toEqual([]);
    const model = scriptedModel((prompt) => {
      log.push("asked");
      return knowing(prompt);
    });
    for await (const _ of evaluate({ model, benchmark: parity({ questions: 1 }), protocol: "strict" })) continue;
    expect(log).toEqual(["opened", "asked"]);
  });
});

describe("it refuses", () => {
  const run = { model: scriptedModel(knowing), benchmark: parity({ questions }), protocol: "strict" } as const;

  test("a benchmark without questions", async () => {
    await expect(eventsOf({ ...run, benchmark: parity({ questions: 0 }) })).rejects.toThrow("parity has no questions");
  });

  test("two questions of one id", async () => {
    await expect(eventsOf({ ...run, benchmark: parity({ questions, ids: () => "same" }) })).rejects.toThrow(
      'two questions "same"',
    );
  });

  test("a model that answers what nobody asked, or not everything", async () => {
    const silent = scriptedModel((prompt, id) => (id === "7" ? undefined : knowing(prompt)));
    await expect(eventsOf({ ...run, model: silent })).rejects.toThrow('gave no answer to "7"');
    const babbling = scriptedModel(knowing, { rename: () => "elsewhere" });
    await expect(eventsOf({ ...run, model: babbling })).rejects.toThrow('answered "elsewhere", which was not asked');
  });

  test("an aborted run, with the reason that was given", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const evaluation = async (): Promise<void> => {
      for await (const event of evaluatorOf().evaluate({ ...run, signal: controller.signal })) {
        seen.push(event.type);
        if (event.type === "question-answered") controller.abort(new Error("enough"));
      }
    };
    await expect(evaluation()).rejects.toThrow("enough");
    expect(seen).toEqual(["evaluate-start", "question-answered"]);
  });

  test("options that do not exist or make no sense", () => {
    const typo = { batchSize: 3, bachSize: 3 };
    expect(() => generation(typo)).toThrow(/generation: .*bachSize/s);
    expect(() => generation({ batchSize: 0 })).toThrow(/batchSize/);
  });
});

test("what changes no answer is not in the manifest, so a run goes on with other values of it", () => {
  expect(generation({ batchSize: 3, sharePrefixes: false, featureCache: "features" }).settings).toEqual({ verify: 0 });
  expect(generation({ verify: 8 }).settings).toEqual({ verify: 8 });
});
