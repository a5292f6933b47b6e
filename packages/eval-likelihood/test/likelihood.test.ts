import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AnswerRecord,
  type Benchmark,
  type BenchmarkResult,
  COMPUTE,
  createScope,
  EVALUATOR,
  type EvaluateEvent,
  type EvaluateRun,
  type Model,
  type ScoreRequest,
} from "@mlan/core";
import { likelihood, type LikelihoodEvaluatorOptions } from "@mlan/eval-likelihood";
import { fakeModelSource, memoryBenchmark, plainCompute, type PlainQuestion, temporaryFolder } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu"; // the fake model keeps tensors
import { describe, expect, onTestFinished, test } from "vitest";

const TEXTS = ["ox", "a cow", "hippopotamus"];
const choices = TEXTS.map((text, index) => ({ label: "ABC".charAt(index), text }));

/** Log-probability and number of tokens of each continuation. */
type Table = Readonly<Record<string, readonly [number, number]>>;

const question = (id: string, target: string, over: Partial<PlainQuestion> = {}): PlainQuestion => ({
  id,
  images: [],
  text: `${id}?`,
  target,
  choices,
  ...over,
});

/** Creates a fake model that returns the scores in the table. `scored` contains the requests that it received. */
async function scoring(table: Table): Promise<{ model: Model; scored: ScoreRequest[] }> {
  const model = await fakeModelSource().open();
  onTestFinished(() => model.dispose());
  const scored: ScoreRequest[] = [];
  return {
    scored,
    model: {
      ...model,
      score: async (requests) => {
        scored.push(...requests);
        return requests.map(({ id, continuation }) => {
          const [logProbability = NaN, tokens = 0] = table[continuation] ?? [];
          return { id, logProbability, tokens, length: 10 + tokens, computedPositions: tokens };
        });
      },
    },
  };
}

async function evaluate(run: EvaluateRun, options?: LikelihoodEvaluatorOptions): Promise<readonly EvaluateEvent[]> {
  const events: EvaluateEvent[] = [];
  for await (const event of createScope([likelihood(options)])
    .get(EVALUATOR)
    .evaluate(run))
    events.push(event);
  return events;
}

function resultIn(events: readonly EvaluateEvent[]): BenchmarkResult {
  const last = events.at(-1);
  if (last?.type !== "evaluate-end") throw new Error(`the last event is ${last?.type}`);
  return last.result;
}

const recordsIn = (events: readonly EvaluateEvent[]): readonly AnswerRecord[] =>
  events.flatMap((event) => (event.type === "question-answered" ? [event.answer] : []));

describe("likelihood", () => {
  test("opens the compute of its scope before the model scores", async () => {
    const log: string[] = [];
    const { model } = await scoring({ A: [-1, 1], B: [-2, 1], C: [-3, 1] });
    const score: Model["score"] = (requests) => {
      log.push("scored");
      return model.score(requests);
    };
    const compute = { ...plainCompute(), open: async () => void log.push("opened") };
    const scope = createScope([likelihood(), { name: "compute", token: COMPUTE, create: () => compute }]);
    const { evaluate: run } = scope.get(EVALUATOR);
    expect(log).toEqual([]);
    const benchmark = memoryBenchmark("animals", [question("1", "A")]);
    for await (const _ of run({ model: { ...model, score }, benchmark, protocol: "strict" })) continue;
    expect(log).toEqual(["opened", "scored"]);
  });

  // Summed, "ox" wins; per token "hippopotamus" (-6 / 4 = -1.5), per character too (-6 / 12 = -0.5 against -2 / 2).
  const texts: Table = { ox: [-2, 1], "a cow": [-3.5, 2], hippopotamus: [-6, 4] };

  test("counts a question once whose prompt was truncated for any of its choices", async () => {
    const { model } = await scoring(texts);
    const score: Model["score"] = async (requests, options) =>
      (await model.score(requests, options)).map((one, place) => ({
        ...one,
        ...(place < 2 && { truncatedPositions: place + 3 }),
      }));
    const benchmark = memoryBenchmark("animals", [question("1", "A"), question("2", "C")]);
    const run = { model: { ...model, score }, benchmark, protocol: "strict" };
    const events = await evaluate(run, { continuation: "text" });
    expect(recordsIn(events).map(({ truncatedPositions }) => truncatedPositions)).toEqual([4, undefined]);
    expect(resultIn(events).truncatedPrompts).toBe(1);
  });

  test("ranks texts by sum, per token and per character", async () => {
    const { model, scored } = await scoring(texts);
    const benchmark = memoryBenchmark("animals", [question("1", "A"), question("2", "C")]);
    const events = await evaluate({ model, benchmark, protocol: "strict" }, { continuation: "text" });
    expect(scored.map(({ continuation }) => continuation)).toEqual([...TEXTS, ...TEXTS]);
    expect(recordsIn(events).map(({ answer, correct }) => [answer, correct])).toEqual([
      ["A", true],
      ["A", false],
    ]);
    const { metrics, evaluator, extractor, positions } = resultIn(events);
    expect(evaluator).toBe("likelihood");
    expect(extractor).toEqual({ name: "likeliest-choice", version: 1 });
    expect(Object.keys(metrics)).toEqual(["accuracy", "accuracy_per_token", "accuracy_per_character"]);
    expect(Object.values(metrics).map(({ value }) => value)).toEqual([0.5, 0.5, 0.5]);
    expect(positions).toEqual({ prompts: 2 * (30 + 7), computed: 2 * 7 });
  });

  test("tells the three rankings apart", async () => {
    // Sum: ox. Per token: a cow (-1.6). Per character: hippopotamus (-0.5).
    const { model } = await scoring({ ox: [-2, 1], "a cow": [-3.2, 2], hippopotamus: [-6, 3] });
    const benchmark = memoryBenchmark("animals", [question("1", "B"), question("2", "B"), question("3", "C")]);
    const { metrics } = resultIn(await evaluate({ model, benchmark, protocol: "strict" }, { continuation: "text" }));
    expect(metrics["accuracy"]?.value).toBe(0);
    expect(metrics["accuracy_per_token"]?.value).toBeCloseTo(2 / 3, 12);
    expect(metrics["accuracy_per_character"]?.value).toBeCloseTo(1 / 3, 12);
  });

  test("scores labels unless told otherwise, and takes the first of equal ones", async () => {
    const { model, scored } = await scoring({ A: [-2, 1], B: [-1, 1], C: [-1, 1] });
    const benchmark = memoryBenchmark("animals", [question("1", "B")]);
    const events = await evaluate({ model, benchmark, protocol: "strict" });
    expect(scored.map(({ continuation }) => continuation)).toEqual(["A", "B", "C"]);
    expect(recordsIn(events)[0]).toMatchObject({ answer: "B", extracted: "B", correct: true, choices });
  });

  test("keeps scores in the answer file and asks none of them again", async () => {
    const folder = temporaryFolder();
    const answers = new URL("answers.jsonl", folder);
    const benchmark = memoryBenchmark("animals", [question("1", "A"), question("2", "C")]);
    const run = { benchmark, protocol: "strict", answers } as const;
    const first = await scoring(texts);
    const before = resultIn(await evaluate({ ...run, model: first.model }, { continuation: "text" }));
    const again = await scoring({});
    const { metrics } = resultIn(
      await evaluate(
        { ...run, model: { ...again.model, fingerprint: first.model.fingerprint } },
        { continuation: "text" },
      ),
    );
    expect(again.scored).toEqual([]);
    expect(metrics).toEqual(before.metrics);
    expect(await readFile(answers, "utf8")).toContain('{"logProbability":-3.5,"tokens":2,"characters":5}');
  });

  test("does not mix labels and texts in one answer file", async () => {
    const folder = temporaryFolder();
    const { model } = await scoring({ ...texts, A: [-1, 1], B: [-1, 1], C: [-1, 1] });
    const benchmark = memoryBenchmark("animals", [question("1", "A")]);
    const run = { model, benchmark, protocol: "strict", answers: new URL("answers.jsonl", folder) } as const;
    await evaluate(run);
    await expect(evaluate(run, { continuation: "text" })).rejects.toThrow(/its fingerprints\.protocol is/);
  });

  test("counts a question without choices as unreadable, and refuses a benchmark that has none", async () => {
    const { model } = await scoring({ A: [-1, 1], B: [-2, 1], C: [-3, 1] });
    const open = question("2", "oxen", { choices: [] });
    const mixed = memoryBenchmark("mixed", [question("1", "A"), open]);
    expect(resultIn(await evaluate({ model, benchmark: mixed, protocol: "strict" }))).toMatchObject({
      unreadable: 1,
      metrics: { accuracy: { value: 0.5 }, accuracy_per_token: { value: 0.5 } },
    });
    await expect(evaluate({ model, benchmark: memoryBenchmark("open", [open]), protocol: "strict" })).rejects.toThrow(
      "likelihood: no question of open has choices in the protocol strict; evaluate it with generation().",
    );
  });

  test("refuses scores that are none, and options that do not exist", async () => {
    const { model } = await scoring({ A: [-1, 1], B: [-1, 1] });
    const benchmark = memoryBenchmark("animals", [question("1", "A")]);
    await expect(evaluate({ model, benchmark, protocol: "strict" })).rejects.toThrow('the score NaN for "1 C"');
    expect(() => likelihood({ continuatoin: "text" } as object)).toThrow(/likelihood: .*continuatoin/s);
  });
});

test("what changes no score is not in the manifest, so a run goes on with other values of it", () => {
  const options = { batchSize: 3, sharePrefixes: false, featureCache: "features" };
  expect(likelihood(options).settings).toEqual({ continuation: "label" });
  expect(likelihood({ continuation: "text" }).settings).toEqual({ continuation: "text" });
});

test("what cannot be is noticed before a run begins", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mlan-likelihood-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "file"), "in the way");
  const [without, having] = [
    memoryBenchmark("open", [question("0", "A", { choices: [] })]),
    memoryBenchmark("letters", [question("0", "A")]),
  ];
  const check = (options: LikelihoodEvaluatorOptions, benchmark: Benchmark): Promise<void> | undefined =>
    createScope([likelihood(options)])
      .get(EVALUATOR)
      .check?.({ benchmark, protocol: "strict" });
  await expect(check({}, without)).rejects.toThrow("no question of open has choices");
  await expect(check({ featureCache: join(folder, "file/features") }, having)).rejects.toThrow(
    /featureCache: .*features\/? cannot be written/,
  );
  await expect(check({ featureCache: join(folder, "a/b") }, having)).resolves.toBeUndefined();
  expect(await readdir(folder)).toEqual(["file"]);
});
