import { LLAVA_7B, llama } from "@mlan/model-llava";
import { expect, it } from "vitest";
import { predictAnsweringMemory } from "#internal/memory/predict-answering-memory.ts";

it("counts one block of attention scores, for any number of prompts", () => {
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
  // Scores and probabilities of one prompt in float32, with 32 heads.
  const scores = 2 * 4 * 32 * length ** 2;
  for (const rows of [1, 2, 8]) expect(workingFor(rows)).toBeLessThan(rows * scores);
  expect(workingFor(8)).toBeGreaterThan(7 * workingFor(1));
});

it.each([
  { format: "int8", perValue: 1 + 8 / 64 },
  { format: "int4", perValue: 0.5 + 8 / 64 },
] as const)("counts a scale and a sum per block of matrices that are packed in $format", ({ format, perValue }) => {
  const weightsAt = (layers: number): number =>
    predictAnsweringMemory({
      architecture: llama,
      language: { ...LLAVA_7B.language, layers },
      vision: undefined,
      weightFormat: format,
      hasHalf: () => true,
      rows: 1,
      length: 32,
      images: 0,
      newTokens: 8,
      modules: [],
    }).weights;
  const { hiddenSize, intermediateSize } = LLAVA_7B.language;
  const values = 4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize;
  const norms = 2 * 4 * hiddenSize;
  expect(weightsAt(2) - weightsAt(1)).toBe(perValue * values + norms);
});
