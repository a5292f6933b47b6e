import type { MemoryBound } from "#internal/run/memory-check.ts";
import { checkMemory, fittingChanges, totalMemory } from "#internal/run/memory-check.ts";
import { trainingChanges } from "#internal/run/training-changes.ts";
import type { ModelMemory, TrainingShape } from "@mlan/core";
import { describe, expect, it } from "vitest";

/**
 * The memory of a model that needs 100 bytes per row (half with gradient checkpointing), and fewer bytes for weights in
 * each further format.
 */
const memory: ModelMemory = {
  weightFormat: "float32",
  weightFormats: ["float32", "int8"],
  batchSize: 4,
  fileBytes: 0,
  training: ({ rows, gradientCheckpointing, momentPrecision, weightFormat, trained }) => {
    const activations = rows * (gradientCheckpointing ? 50 : 100);
    const weights = weightFormat === "int8" ? 100 : 400;
    const learning = trained.includes("language") ? { float32: 800, bfloat16: 400, int8: 200 }[momentPrecision] : 0;
    return { parts: { activations, weights, moments: learning }, total: activations + weights + learning };
  },
  answering: () => ({ parts: {}, total: 0 }),
  promptLength: () => 1,
};
const shape: TrainingShape = {
  trained: ["language", "projector"],
  rows: 4,
  length: 32,
  images: 4,
  supervised: 40,
  microBatches: 2,
  gradientCheckpointing: false,
  momentPrecision: "float32",
  weightFormat: "float32",
};
const changes = () =>
  trainingChanges({ shape, batchSize: 8, memory, longest: { length: 32, images: 1, supervised: 10 } });
const bound = (limit: number): MemoryBound => ({ limit, process: 10 });
const settingsWithin = (limit: number): readonly string[] =>
  fittingChanges(changes(), bound(limit)).map(({ settings }) => settings.join(" and "));

describe("the memory of a process", () => {
  it("is that of tensors and process, and a share of the computed tensors that the compute reserves", () => {
    const tensors = { parts: { weights: 100, activations: 50 }, total: 150, computed: 50 };
    expect(totalMemory(tensors, { limit: 1000, process: 10, spare: 0.1 })).toEqual({
      parts: { weights: 100, activations: 50, process: 15 },
      total: 165,
    });
    expect(totalMemory(tensors, { limit: 1000, process: 10 }).total).toBe(160);
    // Tensors in a device's own memory.
    expect(totalMemory(tensors, { limit: 1000, process: 0 })).toEqual({ parts: tensors.parts, total: 150 });
  });
});

describe("settings with which a stage fits", () => {
  it("are the fewest, and none contains another", () => {
    // As it is: 400 + 400 + 800 + 10.
    expect(settingsWithin(1500)).toEqual([
      "microBatchSize: 2",
      "gradientCheckpointing: true",
      'momentPrecision: "bfloat16"',
    ]);
    // With int8: 400 + 200 + 200 + 10, and a margin.
    expect(settingsWithin(900)).toEqual([
      "adapter: lora({ rank: 64 })",
      'microBatchSize: 2 and momentPrecision: "int8"',
      'gradientCheckpointing: true and momentPrecision: "int8"',
    ]);
  });

  it("include weights in fewer bits only under an adapter", () => {
    expect(settingsWithin(400)).toEqual([
      'microBatchSize: 2 and adapter: lora({ rank: 64 }) and weightFormat: "int8"',
      'gradientCheckpointing: true and adapter: lora({ rank: 64 }) and weightFormat: "int8"',
    ]);
  });

  it("are named by the error, with what they take", () => {
    const needs = {
      parameters: { trained: 1, frozen: 0 },
      training: { shape, conversations: 8, needs: { peakBytes: 0, keptBytes: 0 }, cost: { positions: 0, flops: 0 } },
      memory: memory.training(shape),
      changes,
    };
    expect(() => checkMemory("tune", needs, bound(1610))).not.toThrow();
    expect(() => checkMemory("tune", needs, bound(1609))).toThrow(
      /^stage "tune" needs 0\.00 GB of memory at its largest batch \(4 rows of 32 positions with 4 images in total\).*It fits with microBatchSize: 2 \(/,
    );
    expect(() => checkMemory("tune", needs, bound(50))).toThrow(/No smaller batch and no setting .* makes it fit/);
    expect(() => checkMemory("tune", needs, { limit: undefined, process: 0 })).not.toThrow();
    expect(() => checkMemory("tune", needs, { limit: 1500, processes: 4, process: 0 })).toThrow(
      / and each of 4 processes has 0\.00 GB: run fewer at once\. It fits with /,
    );
  });
});
