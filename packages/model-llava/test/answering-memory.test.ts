import { LLAVA_7B, llama } from "@mlan/model-llava";
import { expect, it } from "vitest";
import { predictAnsweringMemory } from "#internal/memory/predict-answering-memory.ts";

it("counts all attention scores of several prompts, which share their beginning, and one block of a single prompt", () => {
  const length = 2048;
  const workingFor = (rows: number): number =>
    predictAnsweringMemory({
      architecture: llama,
      language: LLAVA_7B.language,
      vision: undefined,
      weightFormat: "int4",
      hasHalf: () => true,
      rows,
      length,
      images: 0,
      newTokens: 8,
      modules: [],
    }).working;
  // Scores and probabilities in float32, with 32 heads.
  const scores = 2 * 4 * 32 * length ** 2;
  expect(workingFor(2)).toBeGreaterThan(2 * scores);
  expect(workingFor(1)).toBeLessThan(scores);
});
