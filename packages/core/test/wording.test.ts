import {
  type Benchmark,
  chatWording,
  checkWording,
  evaluate,
  EVALUATOR,
  type Evaluator,
  experiment,
  MlanError,
  type Plugin,
  readRun,
  textWording,
  train,
  promptTexts,
} from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { folder, letters, run, useScratchRuns, weights } from "./scratch-run.ts";
import { addingTrainer, RECIPE, weightEvaluator } from "./small-run.ts";

useScratchRuns();

describe("a wording", () => {
  const asked = { user: "Which?", answerStart: "It is " };

  it("of a tuned model is its conversation template, the images before what the user says", () => {
    const { name, ask } = chatWording("chatml");
    expect(name).toBe("chatml");
    expect(ask({ ...asked, images: 0 })).toEqual({ kind: "chat", user: "Which?", answerStart: "It is " });
    expect(ask({ ...asked, images: 2 })).toMatchObject({ user: "<image> <image>\nWhich?" });
  });

  it("of a model that continues text has no template", () => {
    const { name, ask } = textWording("my-base", "Q: ", "\nA: ");
    expect(name).toBe("my-base");
    expect(ask({ ...asked, images: 0 })).toEqual({ kind: "raw", text: "Q: Which?\nA: It is ", beginOfSequence: true });
    expect(ask({ ...asked, images: 1 })).toMatchObject({ text: "Q: <image>\nWhich?\nA: It is " });
  });
});

const base = memoryBenchmark("riddles", [{ id: "q", images: [], text: "1+1", target: "2" }]);
/** A benchmark whose protocol `paper` supports only tuned models. */
const riddles: typeof base = {
  ...base,
  protocol: (name) => ({ ...base.protocol(name), ...(name === "paper" && { wordings: ["tuned"] }) }),
};

describe("a protocol without prompts for the model's wording", () => {
  const refusal =
    'riddles: the protocol "paper" has no prompts for a model with the wording "llama2-base", only for tuned; use the ' +
    `protocol "strict", which asks in the model's own wording.`;

  it("is refused before the first stage, with the remedy", async () => {
    const use = [fakeModelPlugin({ weights }), addingTrainer(), weightEvaluator()];
    const tune = train({ name: "tune", data: letters, recipe: RECIPE });
    const ask = (name: string, protocol: string) => evaluate({ name, benchmarks: [riddles], protocol });
    const untuned = experiment({ name: "small", use, stages: [tune, ask("a", "paper")] });
    await expect(run(untuned)).resolves.toEqual(expect.arrayContaining([expect.objectContaining({ type: "run-end" })]));
    const stages = [ask("before", "paper"), tune];
    const error: unknown = await run(experiment({ name: "other", use, stages }), {
      folder: new URL("../other/", folder),
    }).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-options") && error.message).toBe(refusal);
    await expect(
      run(experiment({ name: "third", use, stages: [ask("before", "strict")] }), {
        folder: new URL("../third/", folder),
      }),
    ).resolves.toBeDefined();
  });

  it("is refused with another remedy where no protocol can ask it", () => {
    const few: Benchmark = { ...riddles, protocols: ["paper"] };
    expect(() => checkWording(few, "paper", "qwen2-base")).toThrow(
      "only for tuned; use another benchmark, or define a protocol with `ask`.",
    );
    expect(() => checkWording(few, "paper", "tuned")).not.toThrow();
  });
});

/** Creates an evaluator that writes results like earlier versions, with the wording's name as `promptFamily`. */
function earlierEvaluator(): Plugin<Evaluator> {
  const { create, ...plugin } = weightEvaluator();
  return {
    ...plugin,
    token: EVALUATOR,
    create(scope) {
      const evaluator = create(scope);
      return {
        ...evaluator,
        async *evaluate(asked) {
          for await (const event of evaluator.evaluate(asked)) {
            if (event.type !== "evaluate-end") yield event;
            else {
              const { wording, ...result } = event.result;
              yield { ...event, result: JSON.parse(JSON.stringify({ ...result, promptFamily: wording })) };
            }
          }
        },
      };
    },
  };
}

it("results of an earlier version are read and kept, to the byte", async () => {
  const stages = [evaluate({ name: "a", benchmarks: [riddles] })];
  await run(experiment({ name: "small", use: [fakeModelPlugin({ weights }), earlierEvaluator()], stages }));
  const file = new URL("results.json", folder);
  const stored = await readFile(file, "utf8");
  expect(stored).toContain('"promptFamily": "llama2-base"');
  const events = await run(
    experiment({ name: "small", use: [fakeModelPlugin({ weights }), weightEvaluator()], stages }),
  );
  expect(events.filter((event) => event.type === "stage-end")).toMatchObject([{ skipped: true }]);
  expect(events.at(-1)).toMatchObject({ results: [{ wording: "llama2-base" }] });
  expect(await readFile(file, "utf8")).toBe(stored);
  const kept = await readRun(folder);
  expect(kept.damage).toEqual([]);
  expect(kept.results).toMatchObject([{ stage: "a", wording: "llama2-base" }]);
});

it("returns the texts of a prompt in their order", () => {
  const history = [
    { role: "system", text: "Be brief." },
    { role: "user", text: "Which?" },
    { role: "assistant", text: "That." },
  ] as const;
  const prompt = { kind: "chat", history, user: "Why?", answerStart: "It is " } as const;
  expect(promptTexts(prompt)).toEqual(["Be brief.", "Which?", "That.", "Why?", "It is "]);
  expect(promptTexts({ kind: "raw", text: "Once", beginOfSequence: true })).toEqual(["Once"]);
});
