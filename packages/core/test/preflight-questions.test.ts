import { evaluate, experiment, MlanError, runExperiment } from "@mlan/core";
import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
import { describe, expect, it } from "vitest";
import { bench, build, folder, refusal, stagesOf, weights, useScratchRuns } from "./scratch-run.ts";
import { addingTrainer, all, weightEvaluator } from "./small-run.ts";

useScratchRuns();

describe("before the first stage", () => {
  it("a question of a later stage that cannot be asked is noticed", async () => {
    const odd: typeof bench = {
      ...bench,
      open: async () => ({
        length: 1,
        fingerprint: "rows",
        at: async () => ({ id: "q", images: [], target: "A", text: "" }),
      }),
      protocol: (name) => ({
        ...bench.protocol(name),
        prompt: () => {
          throw new MlanError("invalid-data", "its options have a gap");
        },
      }),
    };
    const stages = [...build().stages.slice(1, 2), evaluate({ name: "x", benchmarks: [odd], protocol: "strict" })];
    const use = [fakeModelPlugin({ weights }), addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(experiment({ name: "small", use, stages }));
    expect(message).toBe(
      'question 0 ("q") of bench cannot be asked in the protocol strict, worded for tuned models: its options have a gap',
    );
    expect(stagesOf(events)).toEqual([]);
  });

  it("a question that only the wording of a later stage refuses is noticed", async () => {
    const question = { id: "q", images: [], target: "A", text: "" };
    const odd: typeof bench = {
      ...memoryBenchmark("odd", [question]),
      protocol: (name) => ({
        ...bench.protocol(name),
        prompt: (asked, wording) => {
          if (wording.name === "tuned") throw new MlanError("invalid-data", "too long for a conversation");
          return bench.protocol(name).prompt(asked, wording);
        },
      }),
    };
    const before = evaluate({ name: "untuned", benchmarks: [odd], protocol: "strict" });
    const after = evaluate({ name: "tuned", benchmarks: [odd], protocol: "strict" });
    const use = [fakeModelPlugin({ weights }), addingTrainer(), weightEvaluator()];
    const { message, events } = await refusal(
      experiment({ name: "small", use, stages: [before, ...build().stages.slice(1, 2), after] }),
    );
    expect(message).toMatch(/^question 0 \("q"\) of odd .* worded for tuned models: too long for a conversation$/);
    expect(stagesOf(events)).toEqual([]);
    await expect(all(runExperiment(experiment({ name: "small", use, stages: [before] }), { folder }))).resolves.toEqual(
      expect.arrayContaining([expect.objectContaining({ type: "run-end" })]),
    );
  });

  const choices = ["A", "B"].map((label) => ({ label, text: `the ${label}` }));
  it.each([
    ["is none of the choices", { target: "C", choices }, 'its target "C" is not among its choices "A", "B"'],
    ["is empty", { target: "" }, "its target is empty, so no answer is correct; write the correct answer."],
    [
      "is no text",
      Object.assign({ target: "" }, { target: 3 }),
      "its target is 3, not a string; write it as a string.",
    ],
    ["fits two choices", { target: "A", choices: [...choices, ...choices] }, 'two of its choices are labeled "A"'],
  ])("a question whose target %s is noticed", async (_, fields, problem) => {
    const sound = { id: "p", images: [], target: "B", text: "", choices };
    const odd = memoryBenchmark("riddles", [sound, { ...sound, id: "q", choices: [], ...fields }]);
    const use = [fakeModelPlugin({ weights }), addingTrainer(), weightEvaluator()];
    const stages = [...build().stages.slice(1, 2), evaluate({ name: "x", benchmarks: [odd], protocol: "strict" })];
    const { message, events } = await refusal(experiment({ name: "small", use, stages }));
    expect(message).toContain(`question 1 ("q") of riddles: ${problem}`);
    expect(stagesOf(events)).toEqual([]);
  });
});
