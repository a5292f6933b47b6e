import { type Component, MlanError } from "@mlan/core";
import {
  disposeNetwork,
  languageConfig,
  llavaNetwork,
  predictTrainingMemory,
  type TrainingMemoryOptions,
} from "@mlan/model-llava";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type HeldBytes, heldBytes } from "./held-bytes.ts";
import { MEMORY_CASES, type StepSizes, trainingStep } from "./training-step.ts";

describe("predicted memory of a training step on small models", () => {
  let held: HeldBytes;
  beforeAll(async () => {
    held = await heldBytes();
  });

  it.each(MEMORY_CASES)("is what $name takes, learning $trained, $how", async ({ sizes }) => {
    const step = trainingStep(sizes);
    await step.run();
    const measured = await held.peakOf(() => step.run());
    step.dispose();
    const { total, ...parts } = predictTrainingMemory({ ...sizes, fusedOptimizer: false });
    expect(Math.abs(total / measured - 1)).toBeLessThan(0.05);
    const { weights, masterWeights, gradients, moments, activations, logits, working } = parts;
    expect(weights + masterWeights + gradients + moments + activations + logits + working).toBe(total);
  });

  it("tells weights and moments from the rest", async () => {
    const sizes: StepSizes = { ...MEMORY_CASES[0]!.sizes, trained: ["language", "projector"] };
    const network = llavaNetwork(sizes.language, { config: sizes.vision, selectLayer: -2 });
    const count = (...components: readonly Component[]): number =>
      network.parameters.parameters
        .filter(({ component }) => components.includes(component))
        .reduce((sum, { variable }) => sum + variable.size, 0);
    const { weights, moments, masterWeights } = predictTrainingMemory(sizes);
    expect(weights).toBe(4 * count("language", "projector", "vision"));
    expect(moments).toBe(8 * count("language", "projector"));
    expect(masterWeights).toBe(0);
    disposeNetwork(network);
  });
});

describe("predicted memory", () => {
  const llama2 = languageConfig(
    {
      vocab_size: 32_000,
      hidden_size: 4096,
      intermediate_size: 11_008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      rms_norm_eps: 1e-5,
      max_position_embeddings: 4096,
    },
    new URL("file:///config.json"),
  );
  const seven: TrainingMemoryOptions = {
    language: llama2,
    vision: {
      hiddenSize: 1024,
      intermediateSize: 4096,
      layers: 24,
      heads: 16,
      imageSize: 336,
      patchSize: 14,
      activation: "quick_gelu",
      normEpsilon: 1e-5,
    },
    trained: ["projector"],
    rows: 1,
    length: 2048,
    images: 1,
  };

  it("of Llama 2 7B's weights is what every table says: 6.74 billion parameters, and tower and projector", () => {
    const parameters = 6_738_415_616 + 20_979_712 + 303_507_456;
    expect(predictTrainingMemory(seven).weights).toBe(4 * parameters);
    const half = predictTrainingMemory({ ...seven, precision: "bfloat16" });
    expect(half.weights / (2 * parameters)).toBeCloseTo(1, 3);
    expect(half.masterWeights).toBeLessThan(4 * 21e6);
    const tuned = predictTrainingMemory({ ...seven, precision: "bfloat16", trained: ["language", "projector"] });
    expect(tuned.moments / (8 * (6_738_415_616 + 20_979_712))).toBe(1);
    expect(tuned.masterWeights / (4 * (6_738_415_616 + 20_979_712))).toBeCloseTo(1, 3);
  });

  it("shrinks with 16 bits and with checkpointing, and grows with rows, length, images and micro-batches", () => {
    const size = fc.integer({ min: 1, max: 4 });
    const options = fc.record({
      trained: fc.constantFrom<readonly Component[]>(["projector"], ["language", "projector"]),
      rows: size,
      length: size.map((blocks) => 1024 * blocks),
      microBatches: size,
      gradientCheckpointing: fc.boolean(),
      precision: fc.constantFrom("float32" as const, "bfloat16" as const),
    });
    const totalOf = (changed: Partial<TrainingMemoryOptions>): number =>
      predictTrainingMemory({ ...seven, ...changed }).total;
    fc.assert(
      fc.property(options, (given) => {
        const total = totalOf(given);
        expect(totalOf({ ...given, gradientCheckpointing: true })).toBeLessThanOrEqual(total);
        expect(totalOf({ ...given, rows: given.rows + 1 })).toBeGreaterThan(total);
        expect(totalOf({ ...given, length: given.length + 32 })).toBeGreaterThan(total);
        expect(totalOf({ ...given, microBatches: given.microBatches + 1 })).toBeGreaterThanOrEqual(total);
        expect(totalOf({ ...given, images: 0, trained: ["language"] })).toBeLessThan(
          totalOf({ ...given, trained: ["language"] }),
        );
      }),
    );
  });

  it.each<[string, Partial<TrainingMemoryOptions>, RegExp]>([
    ["a tower that learns", { trained: ["vision"] }, /vision tower is frozen/],
    ["nothing that learns", { trained: [] }, /at least one component/],
    ["more images than positions", { images: 4 }, /leave none for text/],
    ["more supervised positions than there are", { supervised: 4096 }, /supervised/],
    ["no rows", { rows: 0 }, /rows/],
    ["an option that does not exist", JSON.parse('{ "row": 1 }'), /row/],
  ])("is refused for %s", (_, changed, message) => {
    expect(() => predictTrainingMemory({ ...seven, ...changed })).toThrow(message);
    expect(() => predictTrainingMemory({ ...seven, ...changed })).toThrow(MlanError);
  });

  it("is refused for images without a tower", () => {
    const { vision: _, ...blind } = seven;
    expect(() => predictTrainingMemory(blind)).toThrow(/vision/);
  });
});
