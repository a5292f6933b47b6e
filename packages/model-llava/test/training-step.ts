import type { AdapterOptions, Component } from "@mlan/core";
import { type AdamWParameter, applyAdamW, valueAndGradients } from "@mlan/fused-ops";
import {
  type Architecture,
  type LanguageConfig,
  llama,
  llamaDecoder,
  type TrainingMemoryOptions,
} from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { syntheticTraining, VISION } from "./synthetic-training.ts";

/** The options of a memory prediction, with further sizes that tests need. */
export type StepSizes = TrainingMemoryOptions &
  Required<Pick<TrainingMemoryOptions, "vision" | "images" | "supervised">>;

export interface TrainingStep {
  /** Runs micro-batches forward and backward, adds up their gradients, and updates the weights, like @mlan/trainer. */
  run(): Promise<void>;
  dispose(): void;
}

export function trainingStep(sizes: StepSizes): TrainingStep {
  const { trained, gradientCheckpointing = false, microBatches = 1 } = sizes;
  const training = syntheticTraining(sizes);
  const components: readonly Component[] = trained;
  const learning = training.learn(...components);
  const states = learning.variables.map((variable): AdamWParameter => {
    const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
    return { variable, firstMoment: zeros(), secondMoment: zeros(), weightDecay: 0 };
  });
  const variables = states.map(({ variable }) => variable);
  let step = 0;
  return {
    async run() {
      let sums: readonly (tf.Tensor | undefined)[] = [];
      for (let batch = 0; batch < microBatches; batch++) {
        const { value, gradients } = valueAndGradients(() => training.loss({ gradientCheckpointing }), variables);
        sums = added(sums, gradients);
        await value.data();
        value.dispose();
      }
      applyAdamW(states, sums, { learningRate: 1e-3, step: ++step });
      tf.dispose(sums.filter((sum) => sum !== undefined));
    },
    dispose() {
      tf.dispose(states.flatMap(({ firstMoment, secondMoment }) => [firstMoment, secondMoment]));
      learning.end();
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

export interface MemoryCase {
  readonly name: string;
  readonly trained: readonly Component[];
  readonly how: string;
  readonly sizes: StepSizes;
}

/**
 * Returns batches of different kinds, each with a different largest part of memory, combined with every choice of
 * trained components.
 */
export function memoryCases(language: LanguageConfig, length: number): readonly MemoryCase[] {
  const mixed = { language, vision: VISION, rows: 2, length, images: 2, supervised: 64 };
  const batches: Readonly<Record<string, Omit<StepSizes, "trained">>> = {
    "a batch with images": mixed,
    "a batch of text": { ...mixed, images: 0, supervised: 2 * length - 2 },
    "one long row": { ...mixed, language: { ...language, layers: 2 }, rows: 1, length: 4 * length, images: 1 },
    "a large vocabulary and few key heads": {
      ...mixed,
      language: { ...language, vocabularySize: 4 * language.vocabularySize, keyValueHeads: 2 },
    },
    "an embedding that is the output layer too": { ...mixed, language: { ...language, tiedEmbeddings: true } },
    "queries, keys and values with biases": {
      ...mixed,
      architecture: BIASED,
      language: { ...language, layers: 2, headDimension: 4 * language.headDimension },
    },
    "biases in attention and MLP": {
      ...mixed,
      language: { ...language, layers: 2, attentionBias: true, mlpBias: true },
    },
  };
  const cases = Object.entries(batches).flatMap(([name, batch]) =>
    WAYS.filter(({ trained }) => batch.images > 0 || trained.includes("language")).map(({ how, ...way }) => ({
      name,
      how,
      trained: way.trained,
      sizes: { ...batch, ...way },
    })),
  );
  const adapted: StepSizes = { ...mixed, trained: ["adapter", "projector"], adapter: ADAPTER };
  return [
    ...cases,
    { name: "a batch of images", how: "all kept", trained: adapted.trained, sizes: adapted },
    {
      name: "a batch of images",
      how: "checkpointed",
      trained: adapted.trained,
      sizes: { ...adapted, gradientCheckpointing: true },
    },
  ];
}

export const ADAPTER: AdapterOptions = { rank: 8, alpha: 16, dropout: 0, rankStabilized: false };

const BIASED: Architecture = {
  ...llama,
  decoder: (config, list) => llamaDecoder(config, list, { attentionBias: true }),
};

const TUNING: readonly Component[] = ["language", "projector"];

const WAYS: readonly (Pick<MemoryCase, "trained" | "how"> & Partial<StepSizes>)[] = [
  { how: "all kept", trained: ["projector"] },
  { how: "checkpointed", trained: ["projector"], gradientCheckpointing: true },
  { how: "all kept", trained: TUNING },
  { how: "checkpointed", trained: TUNING, gradientCheckpointing: true },
  { how: "checkpointed, of three micro-batches", trained: TUNING, gradientCheckpointing: true, microBatches: 3 },
];
