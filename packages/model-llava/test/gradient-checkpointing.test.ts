import type { Component, GradientOptions } from "@mlan/core";
import { valueAndGradients } from "@mlan/fused-ops";
import { trainingFlops } from "#internal/network/training-flops.ts";
import { type WeightList, weightList, withAdapter } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";
import { expectClose } from "./expect-close.ts";
import { type HeldBytes, heldBytes } from "./held-bytes.ts";
import { LANGUAGE, type SyntheticTraining, syntheticTraining, VISION } from "./synthetic-training.ts";

const SIZES = { language: LANGUAGE, vision: VISION, rows: 2, length: 48, images: 2, supervised: 64 };
const ALIGNMENT: readonly Component[] = ["projector"];
const TUNING: readonly Component[] = ["language", "projector"];

let training: SyntheticTraining;
afterEach(() => training.dispose());

/**
 * Declares a low-rank adapter for each linear map of a decoder's layers, as weights that are trained with the
 * projector.
 */
function withAdapters(): WeightList {
  const list = weightList();
  return {
    ...list,
    linear(component, name, outputs, inputs, options) {
      const base = list.linear(component, name, outputs, inputs, options);
      if (!name.startsWith("model.layers.")) return base;
      const a = list.matrix("projector", `${name}.lora_A.weight`, 2, inputs);
      const b = list.matrix("projector", `${name}.lora_B.weight`, outputs, 2);
      return withAdapter(base, { a, b, scale: 2 });
    },
  };
}

/** Returns loss and gradients as numbers. */
async function lossAndGradients(trained: readonly Component[], options: GradientOptions): Promise<Float32Array[]> {
  const { variables, end } = training.learn(...trained);
  const { value, gradients } = valueAndGradients(() => training.loss(options), variables);
  const tensors = [value, ...gradients].filter((tensor) => tensor !== undefined);
  const values = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  end();
  return values;
}

describe.each(BACKENDS)("gradient checkpointing on $name", ({ use }) => {
  beforeAll(use);

  it.each([{ trained: ALIGNMENT }, { trained: TUNING }])(
    "changes no loss and no gradient of $trained",
    async ({ trained }) => {
      training = syntheticTraining(SIZES);
      const [loss, ...plain] = await lossAndGradients(trained, {});
      const [again, ...checkpointed] = await lossAndGradients(trained, { gradientCheckpointing: true });
      expect(again?.[0]).toBeCloseTo(loss?.[0] ?? NaN, 6);
      expect(loss?.[0]).toBeGreaterThan(1);
      expect(checkpointed).toHaveLength(plain.length);
      for (const [index, gradient] of checkpointed.entries()) {
        const expected = plain[index] ?? [];
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0);
        expectClose(gradient, expected, 6);
      }
    },
  );

  it("changes no gradient of adapters on frozen weights, which layers do not list", async () => {
    training = syntheticTraining(SIZES, withAdapters());
    const adapters: readonly Component[] = ["projector"];
    const [loss, ...plain] = await lossAndGradients(adapters, {});
    const [again, ...checkpointed] = await lossAndGradients(adapters, { gradientCheckpointing: true });
    expect(again?.[0]).toBeCloseTo(loss?.[0] ?? NaN, 6);
    // Two matrices for each of a layer's seven linear maps, and the projector's four weights.
    expect(plain).toHaveLength(LANGUAGE.layers * 7 * 2 + 4);
    expect(checkpointed).toHaveLength(plain.length);
    for (const [index, gradient] of checkpointed.entries()) {
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0);
      expectClose(gradient, plain[index] ?? [], 6);
    }
  });

  it("leaves no tensors behind", async () => {
    training = syntheticTraining(SIZES);
    await lossAndGradients(TUNING, { gradientCheckpointing: true });
    const before = tf.memory().numTensors;
    await lossAndGradients(TUNING, { gradientCheckpointing: true });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("memory of a forward and backward pass", () => {
  interface Depths {
    readonly layers?: number;
    readonly towerLayers?: number;
  }

  /** Returns the peak bytes without those of network and batch. */
  async function peak(trained: readonly Component[], options: GradientOptions, depths: Depths = {}): Promise<number> {
    const { layers = 4, towerLayers = 3 } = depths;
    training = syntheticTraining({
      ...SIZES,
      language: { ...LANGUAGE, layers },
      vision: { ...VISION, layers: towerLayers },
    });
    const resting = await held.peakOf(async () => void training.loss().dispose());
    const atRest = await held.peakOf(async () => {});
    expect(resting).toBeGreaterThan(atRest);
    return (await held.peakOf(async () => void (await lossAndGradients(trained, options)))) - atRest;
  }

  let held: HeldBytes;
  beforeAll(async () => {
    held = await heldBytes();
  });

  it.each([{ trained: ALIGNMENT }, { trained: TUNING }])(
    "is far less with checkpointing of $trained: a further layer costs only its input",
    async ({ trained }) => {
      const hidden = 4 * SIZES.rows * SIZES.length * LANGUAGE.hiddenSize;
      const cost = async (options: GradientOptions): Promise<number> => {
        const [few, many] = [await peak(trained, options, { layers: 4 }), await peak(trained, options, { layers: 8 })];
        return (many - few) / 4 / hidden;
      };
      // A frozen layer does not keep the inputs of its products: three hidden states, and one of the MLP's width.
      const inputs = trained === TUNING ? 0 : 3 + LANGUAGE.intermediateSize / LANGUAGE.hiddenSize;
      const kept = await cost({});
      expect(kept).toBeGreaterThan(20 - inputs);
      expect(kept).toBeLessThan(26 - inputs);
      // While weights are trained, the peak occurs when the gradients have replaced the inputs of all layers except the
      // first.
      const weights = 4 * (4 * LANGUAGE.hiddenSize ** 2 + 3 * LANGUAGE.hiddenSize * LANGUAGE.intermediateSize);
      const expected = trained === TUNING ? weights / hidden : 1;
      expect(await cost({ gradientCheckpointing: true })).toBeCloseTo(expected, 1);
    },
  );

  it("does not grow with the depth of a frozen tower, but with that of one that learns", async () => {
    const { shallow, deep } = { shallow: { towerLayers: 3 }, deep: { towerLayers: 9 } };
    expect(await peak(ALIGNMENT, {}, deep)).toBe(await peak(ALIGNMENT, {}, shallow));
    const all: readonly Component[] = ["projector", "vision"];
    expect(await peak(all, {}, deep)).toBeGreaterThan(await peak(all, {}, shallow));
  });
});

describe("operations", () => {
  it("count the decoder's layers once more if a gradient flows through them", () => {
    training = syntheticTraining(SIZES);
    const size = { rows: 2, length: 48, images: 2, supervised: 64 };
    const flops = (trained: readonly Component[], gradientCheckpointing: boolean, images = 2): number =>
      trainingFlops(training.network, { ...size, images }, trained, { gradientCheckpointing });
    const once = flops([], false, 0) - 2 * size.supervised * LANGUAGE.hiddenSize * LANGUAGE.vocabularySize;
    for (const trained of [ALIGNMENT, TUNING]) expect(flops(trained, true) - flops(trained, false)).toBe(once);
    expect(flops(ALIGNMENT, true, 0)).toBe(flops(ALIGNMENT, false, 0));
  });
});
