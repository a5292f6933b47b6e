import type { Component } from "@mlan/core";
import { type AdamWParameter, applyAdamW } from "@mlan/fused-ops";
import type { TrainingMemoryOptions } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { syntheticTraining } from "./synthetic-training.ts";

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
        const { value, grads } = tf
          .engine()
          .gradients(() => training.loss({ trained, gradientCheckpointing }), variables, undefined, true);
        sums = added(sums, grads);
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
