import type { Component } from "@mlan/core";
import { type AdamWParameter, applyAdamW, valueAndGradients } from "@mlan/fused-ops";
import type { TrainingMemoryOptions } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { LANGUAGE, syntheticTraining, VISION } from "./synthetic-training.ts";

/** What a memory prediction is about, with the sizes that tests need besides. */
export type StepSizes = TrainingMemoryOptions &
  Required<Pick<TrainingMemoryOptions, "vision" | "images" | "supervised">>;

export interface TrainingStep {
  /** Micro-batches forward and backward, their gradients added up, and the update, as @mlan/trainer does it. */
  run(): Promise<void>;
  dispose(): void;
}

export function trainingStep(sizes: StepSizes): TrainingStep {
  const { trained, gradientCheckpointing = false, microBatches = 1 } = sizes;
  const training = syntheticTraining(sizes);
  const components: readonly Component[] = trained;
  const states = training.variables(...components).map((variable): AdamWParameter => {
    const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
    return { variable, firstMoment: zeros(), secondMoment: zeros(), weightDecay: 0 };
  });
  const variables = states.map(({ variable }) => variable);
  let step = 0;
  return {
    async run() {
      let sums: readonly (tf.Tensor | undefined)[] = [];
      for (let batch = 0; batch < microBatches; batch++) {
        const { value, gradients } = valueAndGradients(
          () => training.loss({ trained, gradientCheckpointing }),
          variables,
        );
        sums = added(sums, gradients);
        await value.data();
        value.dispose();
      }
      applyAdamW(states, sums, { learningRate: 1e-3, step: ++step });
      tf.dispose(sums.filter((sum) => sum !== undefined));
    },
    dispose() {
      tf.dispose(states.flatMap(({ firstMoment, secondMoment }) => [firstMoment, secondMoment]));
      training.dispose();
    },
  };
}

function added(
  left: readonly (tf.Tensor | undefined)[],
  right: readonly (tf.Tensor | undefined)[],
): readonly (tf.Tensor | undefined)[] {
  return right.map((gradient, index) => {
    const other = left[index];
    if (!gradient || !other) return gradient ?? other;
    const sum = tf.add(other, gradient);
    tf.dispose([other, gradient]);
    return sum;
  });
}

const LARGER = { ...LANGUAGE, hiddenSize: 128, intermediateSize: 344, headDimension: 32, vocabularySize: 500 };
const MIXED = { language: LARGER, vision: VISION, rows: 2, length: 64, images: 2, supervised: 128 };

/** Batches of different kinds, so that each time something else needs most. */
const BATCHES: Readonly<Record<string, Omit<StepSizes, "trained">>> = {
  "a batch with images": MIXED,
  "a batch of text": { ...MIXED, images: 0, supervised: 126 },
  "one long row": { ...MIXED, language: { ...LARGER, layers: 2 }, rows: 1, length: 320, images: 1 },
  "a large vocabulary with few key heads": {
    ...MIXED,
    language: { ...LARGER, vocabularySize: 2000, keyValueHeads: 2 },
  },
  "an embedding that is the output layer too": { ...MIXED, language: { ...LARGER, tiedEmbeddings: true } },
};

export interface MemoryCase {
  readonly name: string;
  readonly trained: readonly Component[];
  readonly how: string;
  readonly sizes: StepSizes;
}

export const MEMORY_CASES: readonly MemoryCase[] = Object.entries(BATCHES).flatMap(([name, batch]) =>
  [["projector"] as const, ["language", "projector"] as const].flatMap((trained) =>
    [false, true].flatMap((gradientCheckpointing) =>
      (trained.length > 1 ? [1, 3] : [1]).map((microBatches) => ({
        name,
        trained,
        how: `${gradientCheckpointing ? "with" : "without"} checkpointing, micro-batches: ${microBatches}`,
        sizes: { ...batch, trained, gradientCheckpointing, microBatches },
      })),
    ),
  ),
);
