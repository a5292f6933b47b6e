import type { Component, GradientOptions } from "@mlan/core";
import { patchesPerImage } from "#internal/config/vision-config.ts";
import {
  type Architecture,
  crossEntropy,
  disposeInputTensors,
  disposeNetwork,
  disposeSelection,
  type InputTensors,
  type LanguageConfig,
  type LlavaNetwork,
  learn,
  llama,
  llavaNetwork,
  selection,
  type VisionConfig,
  type WeightList,
} from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";

export interface Sizes {
  /** Default: Llama. */
  readonly architecture?: Architecture;
  readonly language: LanguageConfig;
  readonly vision: VisionConfig;
  readonly rows: number;
  readonly length: number;
  /** A power of two, or 0. */
  readonly images: number;
  readonly supervised: number;
}

export interface SyntheticTraining {
  readonly network: LlavaNetwork;
  loss(options?: GradientOptions): tf.Scalar;
  learn(...components: readonly Component[]): { readonly variables: tf.Variable[]; end(): void };
  dispose(): void;
}

export const LANGUAGE: LanguageConfig = {
  vocabularySize: 96,
  hiddenSize: 32,
  intermediateSize: 80,
  layers: 4,
  heads: 4,
  keyValueHeads: 4,
  headDimension: 8,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  maximumPositions: 512,
  tiedEmbeddings: false,
};

export const VISION: VisionConfig = {
  hiddenSize: 16,
  intermediateSize: 40,
  layers: 3,
  heads: 2,
  imageSize: 32,
  patchSize: 8,
  activation: "quick_gelu",
  normEpsilon: 1e-5,
};

/** Creates a LLaVA network with random weights and a random batch for it, with images first in their rows. */
export function syntheticTraining(sizes: Sizes, list?: WeightList): SyntheticTraining {
  const { architecture = llama, language, vision, rows, length, supervised } = sizes;
  const network = llavaNetwork({ architecture, language, vision: { config: vision, selectLayer: -2 } }, list);
  for (const [seed, weight] of network.weights.entries())
    weight.set(tf.randomUniform([...weight.shape], -0.3, 0.3, "float32", seed + 1));
  const inputs = inputsOf(sizes);
  const targets = Array.from({ length: supervised }, (_, index) => ({
    position: rows * length - 1 - index,
    token: (index * 7) % language.vocabularySize,
  }));
  const selected = selection(targets, rows * length);
  return {
    network,
    loss: (options) => crossEntropy(network, inputs, selected, options),
    learn: (...components) => {
      const { parameters, end } = learn(network.weights, components);
      return { variables: parameters.map(({ variable }) => variable), end };
    },
    dispose() {
      disposeInputTensors(inputs);
      disposeSelection(selected);
      disposeNetwork(network);
    },
  };
}

function inputsOf({ language, vision, rows, length, images }: Sizes): InputTensors {
  const positions = rows * length;
  const tokens = Int32Array.from({ length: positions }, (_, index) => (index * 11) % language.vocabularySize);
  const text = { rows, length, tokenIds: tf.tensor1d(tokens, "int32") };
  if (images === 0) return text;
  const patches = patchesPerImage(vision);
  const sources = Int32Array.from({ length: positions }, (_, position) => position);
  for (let image = 0; image < images; image++) {
    const start = (image % rows) * length + Math.floor(image / rows) * patches;
    for (let patch = 0; patch < patches; patch++) sources[start + patch] = positions + image * patches + patch;
  }
  return {
    ...text,
    images: {
      patches: tf.randomUniform([images * patches, 3 * vision.patchSize ** 2], -1, 1, "float32", 5),
      sources: tf.tensor1d(sources, "int32"),
    },
  };
}
