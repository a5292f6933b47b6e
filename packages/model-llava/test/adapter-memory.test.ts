import type { Component } from "@mlan/core";
import { predictTrainingMemory, type TrainingMemoryOptions } from "@mlan/model-llava";
import { sumOf } from "#internal/memory/memory-walk.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { type HeldBytes, heldBytes } from "./held-bytes.ts";
import { LANGUAGE, VISION } from "./synthetic-training.ts";
import { ADAPTER, type StepSizes, trainingStep } from "./training-step.ts";

const BOTH: readonly Component[] = ["adapter", "projector"];
const IMAGES = { vision: VISION, language: LANGUAGE, rows: 2, length: 64, images: 2, supervised: 64 };
const TEXT = { ...IMAGES, images: 0, supervised: 126 };
const LONG = { ...IMAGES, rows: 1, length: 256, images: 1, language: { ...LANGUAGE, layers: 2 } };
const WIDE = { ...TEXT, language: { ...LANGUAGE, intermediateSize: 320, layers: 2 } };

type Way = Partial<TrainingMemoryOptions>;

const CASES: readonly (readonly [string, Omit<StepSizes, "trained">, Way])[] = [
  ["text", TEXT, {}],
  ["text, checkpointed", TEXT, { gradientCheckpointing: true }],
  ["images", IMAGES, {}],
  ["images, checkpointed", IMAGES, { gradientCheckpointing: true }],
  ["images and the projector", IMAGES, { trained: BOTH }],
  ["images and the projector, checkpointed", IMAGES, { trained: BOTH, gradientCheckpointing: true }],
  ["one long row", LONG, { trained: BOTH }],
  ["a wide MLP", WIDE, {}],
  ["a wide MLP, checkpointed", WIDE, { gradientCheckpointing: true }],
  ["few linear maps", TEXT, { adapter: { ...ADAPTER, targets: ["q_proj", "v_proj"] } }],
  ["only the MLP", TEXT, { adapter: { ...ADAPTER, targets: ["gate_proj", "up_proj", "down_proj"] } }],
  ["only the down projection", TEXT, { adapter: { ...ADAPTER, targets: ["down_proj"] } }],
  ["a high rank", TEXT, { adapter: { ...ADAPTER, rank: 32 } }],
  ["dropout", TEXT, { adapter: { ...ADAPTER, dropout: 0.1 } }],
  ["dropout, checkpointed", TEXT, { adapter: { ...ADAPTER, dropout: 0.1 }, gradientCheckpointing: true }],
  ["biases", { ...TEXT, language: { ...LANGUAGE, layers: 2, attentionBias: true, mlpBias: true } }, {}],
  ["few key heads", { ...TEXT, language: { ...LANGUAGE, keyValueHeads: 2 } }, {}],
  ["the output layer too", TEXT, { adapter: { ...ADAPTER, targets: ["lm_head", "o_proj"] } }],
  ["three micro-batches", TEXT, { adapter: { ...ADAPTER, rank: 32 }, microBatches: 3 }],
];

describe("predicted memory of training an adapter", () => {
  let held: HeldBytes;
  beforeAll(async () => {
    held = await heldBytes();
  });

  it.each(CASES)("is what a step takes: %s", async (_, batch, way) => {
    const sizes: StepSizes = { ...batch, trained: ["adapter"], adapter: ADAPTER, ...way };
    const { measured } = await measure(sizes);
    const { total, ...parts } = predictTrainingMemory({ ...sizes, fusedOptimizer: false });
    expect(Math.abs(total / measured - 1)).toBeLessThan(0.05);
    expect(sumOf(parts) + parts.weights + parts.masterWeights + parts.moments).toBe(total);
  });

  it.each(["stored", "int8", "int4"] as const)(
    "is what a step on %s weights takes in addition to them",
    async (weightFormat) => {
      const language = { ...LANGUAGE, layers: 2 };
      const sizes: StepSizes = { ...TEXT, language, trained: ["adapter"], adapter: ADAPTER };
      const float32 = await measure(sizes);
      const frozen = await measure({ ...sizes, weightFormat });
      // Without kernels, the tables that convert weights are larger than these tiny weights, so memory before the step
      // is subtracted.
      const before = predictTrainingMemory({ ...sizes, fusedOptimizer: false });
      const after = predictTrainingMemory({ ...sizes, weightFormat, fusedOptimizer: false });
      const measured = frozen.measured - frozen.before;
      const predicted = after.total - after.weights + before.weights - float32.before;
      expect(Math.abs(predicted / measured - 1)).toBeLessThan(0.1);
      expect(after.weights).toBeLessThan(before.weights);
    },
  );

  async function measure(sizes: StepSizes): Promise<{ readonly before: number; readonly measured: number }> {
    const step = trainingStep(sizes);
    const before = await held.peakOf(async () => {});
    const measured = await held.peakOf(() => step.run());
    step.dispose();
    return { before, measured };
  }
});
