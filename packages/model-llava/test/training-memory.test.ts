import { type Component, MlanError } from "@mlan/core";
import { valueAndGradients } from "@mlan/fused-ops";
import {
  disposeNetwork,
  disposeSelection,
  LLAVA_7B,
  llama,
  llavaNetwork,
  modelSizes,
  predictTrainingMemory,
  selection,
  type TrainingMemoryOptions,
} from "@mlan/model-llava";
import { headBackward, headForward } from "#internal/memory/head-memory.ts";
import { layoutOf } from "#internal/memory/layout.ts";
import { peakOf, sumOf } from "#internal/memory/memory-walk.ts";
import { weightsInTraining } from "#internal/memory/weights-in-training.ts";
import { meanCrossEntropy } from "#internal/network/token-losses.ts";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type HeldBytes, heldBytes } from "./held-bytes.ts";
import { LANGUAGE, syntheticTraining, VISION } from "./synthetic-training.ts";
import { scratchLlava } from "./tiny-llava.ts";
import { memoryCases, type StepSizes, trainingStep } from "./training-step.ts";

const ONE_POSITION = { rows: 1, length: 1, images: 0, supervised: 1 };

describe("predicted memory of a training step on small models", () => {
  let held: HeldBytes;
  beforeAll(async () => {
    held = await heldBytes();
  });

  it.each(memoryCases(LANGUAGE, 48))("is what $name takes, learning $trained, $how", async ({ sizes }) => {
    const step = trainingStep(sizes);
    const measured = await held.peakOf(() => step.run());
    step.dispose();
    const { total, ...parts } = predictTrainingMemory({ ...sizes, fusedOptimizer: false });
    expect(Math.abs(total / measured - 1)).toBeLessThan(0.05);
    const { weights, masterWeights, gradients, moments, activations, logits, working } = parts;
    expect(weights + masterWeights + gradients + moments + activations + logits + working).toBe(total);
  });

  it("agrees with a batch whose scores are computed in blocks", async () => {
    const small = { hiddenSize: 8, intermediateSize: 16, heads: 8, keyValueHeads: 8, headDimension: 2, layers: 1 };
    const batch = { rows: 1, length: 1050, images: 0, supervised: 64 };
    const sizes: StepSizes = { ...batch, language: { ...LANGUAGE, ...small }, vision: VISION, trained: ["language"] };
    const step = trainingStep(sizes);
    const measured = await held.peakOf(() => step.run());
    step.dispose();
    const { total, activations } = predictTrainingMemory({ ...sizes, fusedOptimizer: false });
    expect(Math.abs(total / measured - 1)).toBeLessThan(0.1);
    expect(activations).toBeLessThan(4 * 8 * 1050 ** 2);
  });

  it("agrees with a loss whose logits are computed in blocks", async () => {
    const [count, rows] = [256, 48];
    const language = { ...LANGUAGE, layers: 1, vocabularySize: 2000 };
    const { network, learn, dispose } = syntheticTraining({ language, vision: VISION, ...ONE_POSITION });
    const { decoder } = network;
    const { end } = learn("language");
    const selected = selection(
      Array.from({ length: count }, (_, position) => ({ position, token: position })),
      count,
    );
    const hidden = tf.randomUniform<tf.Rank.R2>([count, language.hiddenSize], -1, 1, "float32", 1);
    const inputs = [hidden, decoder.norm.tensor, ...decoder.head.weights.map(({ tensor }) => tensor)];
    const before = await held.peakOf(async () => {});
    const measured = await held.peakOf(async () => {
      const loss = (): tf.Scalar => meanCrossEntropy(decoder, hidden, selected, { rows });
      const { value, gradients } = valueAndGradients(loss, inputs);
      tf.dispose([value, ...gradients.flatMap((gradient) => gradient ?? [])]);
    });
    const options = { language, rows: 1, length: count, images: 0, supervised: count, precision: "float32" } as const;
    const layout = { ...layoutOf(options), logitsAtOnce: Math.ceil(count / Math.ceil(count / rows)) * 2000 };
    const use = weightsInTraining({
      trained: ["language"],
      linears: [],
      modules: [],
      dropout: 0,
      weightFormat: "float32",
      hasHalf: () => true,
    });
    const steps = [...headForward(layout, decoder, use), ...headBackward(layout, decoder, use)];
    expect(Math.abs(sumOf(peakOf(steps).held) / (measured - before) - 1)).toBeLessThan(0.05);
    end();
    disposeSelection(selected);
    dispose();
  });

  it("separates weights and moments from the rest", async () => {
    const network = llavaNetwork({
      architecture: llama,
      language: LANGUAGE,
      vision: { config: VISION, selectLayer: -2 },
    });
    const count = (...components: readonly Component[]): number =>
      network.weights
        .filter(({ component }) => components.includes(component))
        .reduce((sum, { size }) => sum + size, 0);
    const trained: readonly Component[] = ["language", "projector"];
    const sizes = { language: LANGUAGE, vision: VISION, trained, rows: 1, length: 64 };
    const { weights, moments, masterWeights, ...rest } = predictTrainingMemory(sizes);
    expect(weights).toBe(4 * count("language", "projector", "vision"));
    expect(moments).toBe(8 * count("language", "projector"));
    // Text alone gives the projector no gradient, but memory for one.
    const kept = predictTrainingMemory({ ...sizes, keepsGradients: true });
    expect(kept.gradients).toBe(moments / 2);
    const checkpointed = { ...sizes, gradientCheckpointing: true };
    const added = predictTrainingMemory({ ...checkpointed, keepsGradients: true });
    // Several graphs compute gradients, which are then copied to where they are kept, and do not share a block of logits.
    const logits = 4 * 64 * LANGUAGE.vocabularySize;
    expect(added.total - predictTrainingMemory(checkpointed).total).toBe(moments / 2 + logits);
    const narrow = predictTrainingMemory({ ...sizes, momentPrecision: "bfloat16" });
    expect(narrow.moments).toBe(moments / 2);
    const narrowest = predictTrainingMemory({ ...sizes, momentPrecision: "int8" });
    expect(narrowest.moments / moments).toBeCloseTo(0.254, 3);
    expect(narrow.activations + narrow.gradients).toBe(rest.activations + rest.gradients);
    expect(masterWeights).toBe(0);
    disposeNetwork(network);
  });
});

describe("predicted memory", () => {
  const seven: TrainingMemoryOptions = {
    ...LLAVA_7B,
    trained: ["projector"],
    rows: 1,
    length: 2048,
    images: 1,
  };

  it("of Llama 2 7B's weights is that of 6.74 billion parameters, plus tower and projector", () => {
    const parameters = 6_738_415_616 + 20_979_712 + 303_507_456;
    expect(predictTrainingMemory(seven).weights).toBe(4 * parameters);
    const half = predictTrainingMemory({ ...seven, precision: "bfloat16" });
    expect(half.weights / (2 * parameters)).toBeCloseTo(1, 3);
    expect(half.masterWeights).toBeLessThan(4 * 21e6);
    const tuned = predictTrainingMemory({ ...seven, precision: "bfloat16", trained: ["language", "projector"] });
    expect(tuned.moments / (8 * (6_738_415_616 + 20_979_712))).toBe(1);
    expect(tuned.masterWeights / (4 * (6_738_415_616 + 20_979_712))).toBeCloseTo(1, 3);
  });

  it("shrinks with checkpointing and with 16 bits for frozen weights, and grows with rows, length, images and micro-batches", () => {
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
        // A checkpointed layer has its result in memory twice.
        expect(totalOf({ ...given, gradientCheckpointing: true })).toBeLessThanOrEqual(total * 1.01);
        const aligned = { ...given, trained: ["projector"] } as const;
        expect(totalOf({ ...aligned, precision: "bfloat16" })).toBeLessThanOrEqual(
          totalOf({ ...aligned, precision: "float32" }),
        );
        expect(totalOf({ ...given, rows: given.rows + 1 })).toBeGreaterThanOrEqual(total);
        expect(totalOf({ ...given, length: given.length + 32 })).toBeGreaterThanOrEqual(total);
        expect(totalOf({ ...given, microBatches: given.microBatches + 1 })).toBeGreaterThanOrEqual(total);
        // By default all text is supervised, and without images there is more text.
        const blind = { ...given, trained: ["language"], supervised: 400 } as const;
        expect(totalOf({ ...blind, images: 0 })).toBeLessThanOrEqual(totalOf(blind));
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

  it("reads sizes from a checkpoint's config.json, and uses CLIP's if it has no tower", async () => {
    const { backbone } = await scratchLlava();
    const { language, vision } = await modelSizes(new URL("config.json", backbone));
    expect(language).toMatchObject({ hiddenSize: 16, intermediateSize: 24, layers: 2, heads: 4, keyValueHeads: 2 });
    expect(vision).toEqual(LLAVA_7B.vision);
    const nested = await modelSizes(new URL("fixtures/layouts/hf-5/config.json", import.meta.url));
    expect(nested).toMatchObject({
      language: { hiddenSize: 16, vocabularySize: 56 },
      vision: { layers: 3, patchSize: 4 },
    });
    await expect(modelSizes(new URL("nothing.json", backbone))).rejects.toThrow(/nothing\.json does not exist/);
  });

  it("is refused for images without a tower", () => {
    const { vision: _, ...blind } = seven;
    expect(() => predictTrainingMemory(blind)).toThrow(/vision/);
  });
});
