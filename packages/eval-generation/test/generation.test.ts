import "@tensorflow/tfjs-backend-cpu"; // the contract suite's model keeps tensors
import { readFile, truncate, writeFile } from "node:fs/promises";
import {
  type AnswerRecord,
  type Clock,
  CLOCK,
  COMPUTE,
  createScope,
  EVALUATOR,
  type EvaluateEvent,
  type EvaluateRun,
  MlanError,
  type Prompt,
  take,
} from "@mlan/core";
import { generation, type GenerationEvaluatorOptions } from "@mlan/eval-generation";
import { describeEvaluatorContract, plainCompute, temporaryFolder, WORDINGS } from "@mlan/testing";
import { describe, expect, test } from "vitest";
import { parity } from "./parity.ts";
import { scriptedModel } from "./scripted-model.ts";

describeEvaluatorContract(createScope([generation()]).get(EVALUATOR));

const questions = 12;
const knowing = (prompt: Prompt): string => {
  const number = Number(/\d+/.exec(prompt.kind === "raw" ? prompt.text : prompt.user)?.[0]);
  return number % 2 === 0 ? ' yes". And so on' : ' no". And so on';
};

const evaluatorOf = (options?: GenerationEvaluatorOptions, clock?: Clock) =>
  createScope([generation(options), ...(clock ? [{ name: "clock", token: CLOCK, create: () => clock }] : [])]).get(
    EVALUATOR,
  );

async function eventsOf(run: EvaluateRun, options?: GenerationEvaluatorOptions): Promise<readonly EvaluateEvent[]> {
  const events: EvaluateEvent[] = [];
  for await (const event of evaluatorOf(options).evaluate(run)) events.push(event);
  return events;
}

async function resultOf(run: EvaluateRun, options?: GenerationEvaluatorOptions) {
  const end = (await eventsOf(run, options)).at(-1);
  if (end?.type !== "evaluate-end") throw new Error(`the last event is ${end?.type}`);
  const { seconds: _, positions: __, ...result } = end.result;
  return result;
}

const answersIn = (events: readonly EvaluateEvent[]): readonly AnswerRecord[] =>
  events.flatMap((event) => (event.type === "question-answered" ? [event.answer] : []));

/** The run without the keys that have no value. */
function without({ stage, weights, ...run }: Omit<EvaluateRun, "stage" | "weights"> & Named): EvaluateRun {
  return { ...run, ...(stage !== undefined && { stage }), ...(weights !== undefined && { weights }) };
}
interface Named {
  readonly stage?: string | undefined;
  readonly weights?: string | undefined;
}

const freshFile = (): URL => new URL("answers/parity.jsonl", temporaryFolder());

describe("an evaluation", () => {
  test("asks in the protocol's words, cuts, extracts, judges, and reports", async () => {
    const model = scriptedModel(knowing);
    const events = await eventsOf({ model, benchmark: parity({ questions }), protocol: "strict" });
    expect(events[0]).toEqual({ type: "evaluate-start", benchmark: "parity", questions, answered: 0 });
    const answers = answersIn(events);
    expect(answers.find(({ id }) => id === "3")).toEqual({
      id: "3",
      prompt: expect.stringMatching(/^[\da-f]{16}$/),
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

  test("counts prompts that were cut, those of stored answers too", async () => {
    const cutting = (cut: readonly string[]) =>
      scriptedModel(knowing, { cutPositions: (id) => (cut.includes(id) ? 7 : 0) });
    const answers = freshFile();
    const run = { benchmark: parity({ questions }), protocol: "strict", answers } as const;
    expect((await resultOf({ ...run, model: cutting(["2", "5"]) })).cutPrompts).toBe(2);
    const stored = (await readFile(answers, "utf8")).split("\n");
    expect(stored.filter((line) => line.includes('"cutPositions":7'))).toHaveLength(2);
    await writeFile(answers, stored.filter((line) => !line.includes('"id":"5"')).join("\n"));
    expect((await resultOf({ ...run, model: cutting([]) })).cutPrompts).toBe(1);
  });

  test("names the template that the model was asked in, and refuses stored answers in another", async () => {
    const answers = freshFile();
    const run = { benchmark: parity({ questions }), protocol: "strict", answers } as const;
    const asked = (templateFingerprint: string) => scriptedModel(knowing, { templateFingerprint });
    expect(await resultOf({ ...run, model: asked("one") })).toMatchObject({ template: "one" });
    await expect(resultOf({ ...run, model: asked("two") })).rejects.toThrow(/its template is one, now it is two/);
    // As earlier versions wrote it.
    const [header = "", ...lines] = (await readFile(answers, "utf8")).split("\n");
    const { template: _, ...earlier } = JSON.parse(header);
    await writeFile(answers, [JSON.stringify(earlier), ...lines].join("\n"));
    expect((await resultOf({ ...run, model: asked("two") })).unreadable).toBe(0);
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
    expect(model.options).toEqual([{ batchSize: 5, longPrompts: "cut" }]);
    expect(events.at(-1)).toMatchObject({ result: { seconds: 1.5 } });
  });
});

test("of the first questions says how many there are, and keeps its answers from those to all", async () => {
  const [benchmark, answers] = [parity({ questions }), freshFile()];
  const run = { model: scriptedModel(knowing), protocol: "strict" as const, answers };
  const few = await resultOf({ ...run, benchmark: take(benchmark, 5) });
  expect(few).toMatchObject({ benchmark: "parity", questions: 5, questionsInBenchmark: questions });
  expect(JSON.parse((await readFile(answers, "utf8")).split("\n")[0] ?? "")).toMatchObject({
    questions: 5,
    questionsInBenchmark: questions,
  });
  await expect(resultOf({ ...run, benchmark })).rejects.toMatchObject({
    code: "run-folder",
    message: expect.stringContaining("its questions is 5, now it is 12"),
  });
  const whole = await resultOf({ ...run, benchmark, answers: freshFile() });
  expect(whole).not.toHaveProperty("questionsInBenchmark");
  expect(few.fingerprints.questions).not.toBe(whole.fingerprints.questions);
});

describe("the answer file", () => {
  const benchmark = parity({ questions });
  const protocol = "strict";

  test("makes a run that stops anywhere end with the same result as one that does not", async () => {
    const whole = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers: whole });
    const bytes = await readFile(whole);
    for (const length of [0, 10, bytes.indexOf("\n") + 1, 700, bytes.length - 1, bytes.length]) {
      const answers = freshFile();
      await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
      await truncate(answers, length);
      const model = scriptedModel(knowing);
      expect(await resultOf({ model, benchmark, protocol, answers })).toEqual(expected);
      const kept = Math.max(0, bytes.subarray(0, length).filter((byte) => byte === 0x0a).length - 1);
      expect(model.asked).toHaveLength(questions - kept);
      expect((await readFile(answers, "utf8")).split("\n")).toHaveLength(questions + 2);
    }
  });

  test("holds every answer whose event was seen when the caller stops", async () => {
    const answers = freshFile();
    for await (const event of evaluatorOf().evaluate({ model: scriptedModel(knowing), benchmark, protocol, answers })) {
      if (event.type === "question-answered" && event.answered === 5) break;
    }
    const model = scriptedModel(knowing);
    const events = await eventsOf({ model, benchmark, protocol, answers });
    expect(events[0]).toMatchObject({ answered: 5 });
    expect(model.asked).toHaveLength(questions - 5);
    expect(
      (await readFile(answers, "utf8"))
        .split("\n")
        .map((line) => line && JSON.parse(line).id)
        .filter(Boolean)
        .toSorted(),
    ).toEqual(Array.from({ length: questions }, (_, index) => `${index}`).toSorted());
  });

  test("does not call a model for answers it has", async () => {
    const answers = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
    const mute = scriptedModel(() => {
      throw new Error("asked");
    });
    expect(await resultOf({ model: mute, benchmark, protocol, answers })).toEqual(expected);
  });

  test.each([
    ["benchmark", { benchmark: parity({ questions: 3 }) }, /questions is 12, now it is 3/],
    ["protocol", { protocol: "paper" as const }, /protocol is strict, now it is paper/],
    ["model", { model: scriptedModel(knowing, { fingerprint: "another" }) }, /model is .*, now it is another/],
    ["stage", { stage: "after-1" }, /its stage is after 1, now it is after-1/],
    ["weights", { weights: "b" }, /its weights is a, now it is b/],
    ["unknown weights", { weights: undefined }, /its weights is a, now it is unknown/],
    ["wording", { benchmark: parity({ questions, wording: "Even: {n}?" }) }, /fingerprints\.prompts is/],
  ])("of another %s is refused and left as it is", async (_, change, message) => {
    const answers = freshFile();
    const named = { stage: "after 1", weights: "a" };
    const run = { model: scriptedModel(knowing), benchmark, protocol, answers, ...named } as const;
    await eventsOf(run);
    const before = await readFile(answers);
    const error: unknown = await eventsOf(without({ ...run, ...change })).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "run-folder")).toBe(true);
    expect(String(error)).toMatch(message);
    expect(String(error)).toMatch(/Use another run folder, or delete the file/);
    expect(await readFile(answers)).toEqual(before);
  });

  test.each([
    ["edited", (text: string) => text.replace('"correct":true', '"correct":false')],
    ["damaged", (text: string) => text.replace('"answer":" yes', '"answer":" no')],
    ["moved to another question", (text: string) => text.replace('"id":"3"', '"id":"5"')],
    ["removed", (text: string) => text.replace(/.*"id":"3".*\n/, "")],
  ])("asks again for an answer that was %s, and for no other", async (_, damage) => {
    const answers = freshFile();
    const expected = await resultOf({ model: scriptedModel(knowing), benchmark, protocol, answers });
    const text = await readFile(answers, "utf8");
    await writeFile(answers, damage(text));
    const model = scriptedModel(knowing);
    expect(await resultOf({ model, benchmark, protocol, answers })).toEqual(expected);
    expect(model.asked).toHaveLength(1);
    const sorted = (lines: string): string[] => lines.split("\n").toSorted();
    expect(sorted(await readFile(answers, "utf8"))).toEqual(sorted(text));
  });

  // Earlier versions wrote no checksums.
  test.each([
    ["belongs to no question", (text: string) => text.replace('"id":"3"', '"id":"333"')],
    ["occurs twice", (text: string) => text.replace('"id":"3"', '"id":"5"')],
    ["was judged differently", (text: string) => text.replace('"correct":true', '"correct":false')],
  ])("is refused when an answer %s", async (message, damage) => {
    const answers = freshFile();
    const run = { model: scriptedModel(knowing), benchmark, protocol, answers } as const;
    await eventsOf(run);
    const text = await readFile(answers, "utf8");
    await writeFile(answers, damage(text.replaceAll(/,"checksum":"\w+"/g, "")));
    await expect(eventsOf(run)).rejects.toThrow(message);
  });

  test("that cannot be written ends with one error that names it", async () => {
    const folder = freshFile();
    const answers = new URL("file.txt/answers.jsonl", folder);
    await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers: new URL("file.txt", folder) });
    const error: unknown = await eventsOf({ model: scriptedModel(knowing), benchmark, protocol, answers }).catch(
      (thrown: unknown) => thrown,
    );
    expect(MlanError.is(error, "unavailable")).toBe(true);
    expect(String(error)).toContain("file.txt/answers.jsonl");
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
