import type { Component, LossOptions } from "@mlan/core";
import { trainingFlops } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";
import { heldBytes } from "./held-bytes.ts";
import { LANGUAGE, type SyntheticTraining, syntheticTraining, VISION } from "./synthetic-training.ts";

const SIZES = { language: LANGUAGE, vision: VISION, rows: 2, length: 48, images: 2, supervised: 64 };
const ALIGNMENT: readonly Component[] = ["projector"];
const TUNING: readonly Component[] = ["language", "projector"];

let training: SyntheticTraining;
afterEach(() => training.dispose());

/** Disposes them. */
async function lossAndGradients(trained: readonly Component[], options: LossOptions): Promise<Float32Array[]> {
  const variables = training.variables(...trained);
  const { value, grads } = tf.engine().gradients(() => training.loss(options), variables);
  const values = await Promise.all([value, ...grads].map((tensor) => tensor.data<"float32">()));
  tf.dispose([value, grads]);
  return values;
}

describe.each(BACKENDS)("gradient checkpointing on $name", ({ use }) => {
  beforeAll(use);

  it.each([{ trained: ALIGNMENT }, { trained: TUNING }])(
    "changes no loss and no gradient of $trained",
    async ({ trained }) => {
      training = syntheticTraining(SIZES);
      const [loss, ...plain] = await lossAndGradients(trained, {});
      const [again, ...checkpointed] = await lossAndGradients(trained, { trained, gradientCheckpointing: true });
      expect(again?.[0]).toBeCloseTo(loss?.[0] ?? NaN, 6);
      expect(loss?.[0]).toBeGreaterThan(1);
      expect(checkpointed).toHaveLength(training.variables(...trained).length);
      for (const [index, gradient] of checkpointed.entries()) {
        const expected = plain[index] ?? [];
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0);
        for (const [place, value] of gradient.entries()) expect(value).toBeCloseTo(expected[place] ?? NaN, 6);
      }
    },
  );

  it("leaves no tensors behind", async () => {
    training = syntheticTraining(SIZES);
    await lossAndGradients(TUNING, { gradientCheckpointing: true });
    const before = tf.memory().numTensors;
    await lossAndGradients(TUNING, { gradientCheckpointing: true });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("memory of a forward and backward pass", () => {
  const peak = async (trained: readonly Component[], options: LossOptions, layers = 4): Promise<number> => {
    const held = await heldBytes();
    training?.dispose();
    training = syntheticTraining({ ...SIZES, language: { ...LANGUAGE, layers } });
    const resting = await held.peakOf(async () => {});
    return (await held.peakOf(async () => void (await lossAndGradients(trained, options)))) - resting;
  };

  it.each([{ trained: ALIGNMENT }, { trained: TUNING }])(
    "is far less with checkpointing of $trained",
    async ({ trained }) => {
      const kept = await peak(trained, { trained });
      expect(await peak(trained, { trained, gradientCheckpointing: true })).toBeLessThan(kept / 2);
    },
  );
});
