import {
  createScope,
  EVALUATOR,
  evaluate,
  type EvaluateRun,
  type Model,
  type ModelInspection,
  runFolder,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark, WORDINGS } from "@mlan/testing";
import { expect, it } from "vitest";

const bench = memoryBenchmark("bench", [{ id: "a", text: "Which letter?", target: "A", images: [] }]);
const stage = evaluate({ name: "eval", benchmarks: [bench], adapter: "math" });

/** Creates a model that records the adapter of each request. */
function recordingModel(adapters: readonly string[] | undefined, asked: (string | undefined)[]): Model {
  return {
    specVersion: 1,
    name: "recording",
    fingerprint: "1",
    wording: WORDINGS["llama2-base"],
    maximumPositions: 64,
    ...(adapters && { adapters }),
    async *generate(requests) {
      asked.push(...requests.map(({ adapter }) => adapter));
      yield* [];
    },
    async score(requests) {
      asked.push(...requests.map(({ adapter }) => adapter));
      return [];
    },
    dispose() {},
  };
}

async function run(
  adapters: readonly string[] | undefined,
): Promise<{ asked: readonly (string | undefined)[]; model?: Model }> {
  const asked: (string | undefined)[] = [];
  let model: Model | undefined;
  const evaluator = {
    specVersion: 1,
    name: "asking",
    async *evaluate(given: EvaluateRun) {
      model = given.model;
      const request = { id: "a", prompt: { kind: "raw", text: "a", beginOfSequence: true } as const, images: [] };
      for await (const _ of given.model.generate([{ ...request, maximumNewTokens: 1 }])) void _;
      await given.model.score([{ ...request, continuation: "b" }]);
      yield* [];
    },
  };
  await using scope = createScope([
    fakeModelPlugin({ weights: new URL("weights", import.meta.url) }),
    { name: "asking", token: EVALUATOR, create: () => evaluator as never },
  ]);
  const folder = runFolder(new URL("run/", import.meta.url));
  const context = { scope, model: recordingModel(adapters, asked), seed: 1, folder, weights: "w", benchmarks: [bench] };
  for await (const _ of stage.run(context)) void _;
  return { asked, ...(model && { model }) };
}

it("an evaluation asks the adapter that its stage names, and records it", async () => {
  const { asked, model } = await run(["code", "math"]);
  expect(asked).toEqual(["math", "math"]);
  expect(model).toMatchObject({ name: "recording", fingerprint: "1", maximumPositions: 64 });
  expect(stage.settings).toMatchObject({ adapter: "math" });
  expect(evaluate({ name: "eval", benchmarks: [bench] }).settings).not.toHaveProperty("adapter");
});

it("an adapter that the model does not have is refused, before the first stage if that is known", async () => {
  await expect(run(["code"])).rejects.toThrow(
    'evaluate: the model has no adapter "math"; it has "code". Name it in the model\'s `adapters`.',
  );
  await expect(run(undefined)).rejects.toThrow('no adapter "math"; it was opened with none');
  const inspected: ModelInspection = { content: { stamp: "", digest: async () => "" }, parameters: {}, adapters: [] };
  await using scope = createScope([]);
  const context = { scope, model: inspected, benchmarks: [], trainedBefore: [] };
  await expect(stage.check?.(context)).rejects.toThrow('no adapter "math"');
});
