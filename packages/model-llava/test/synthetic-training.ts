import type { AdapterOptions, Component, GradientOptions } from "@mlan/core";
import { quantize, quantizedMatrix, storedMatrix } from "@mlan/fused-ops";
import { newAdapter } from "#internal/adapter/new-adapter.ts";
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
  type Weight,
  type WeightList,
} from "@mlan/model-llava";
import {
  isQuantized,
  isQuantizedFormat,
  quantizationOf,
  staysStored,
  type WeightFormat,
} from "#internal/weights/weight-format.ts";
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
  /** Default: none. */
  readonly adapter?: AdapterOptions;
  /** Weight format of the language model's matrices. Default "float32". */
  readonly weightFormat?: WeightFormat;
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

/** Creates a LLaVA network with random weights, and a random batch with images first in their rows. */
export function syntheticTraining(sizes: Sizes, list?: WeightList): SyntheticTraining {
  const { architecture = llama, language, vision, rows, length, supervised, adapter, weightFormat } = sizes;
  const network = llavaNetwork({ architecture, language, vision: { config: vision, selectLayer: -2 } }, list);
  for (const [seed, weight] of network.weights.entries())
    weight.set(tf.randomUniform([...weight.shape], -0.3, 0.3, "float32", seed + 1));
  if (weightFormat) for (const weight of network.weights) keepIn(weightFormat, weight);
  if (adapter) {
    const { slot } = network;
    slot.put(newAdapter(network.adaptable, adapter, { seed: 1, slot }));
  }
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

/** Stores a weight as a model that was opened with the format does. */
function keepIn(format: WeightFormat, weight: Weight): void {
  const [rows = 1, columns = 1] = weight.shape;
  if (isQuantizedFormat(format) && isQuantized(weight)) {
    const values = weight.tensor.dataSync<"float32">();
    weight.keep(quantizedMatrix(quantize(values, [rows, columns], quantizationOf(weight, format))));
  } else if (staysStored(weight, format)) {
    weight.keep(storedMatrix(new Uint8Array(2 * weight.size), [rows, columns], "bfloat16"));
  }
}

function inputsOf({ language, vision, rows, length, images, adapter }: Sizes): InputTensors {
  const positions = rows * length;
  const tokens = Int32Array.from({ length: positions }, (_, index) => (index * 11) % language.vocabularySize);
  const drops = adapter && adapter.dropout > 0;
  const text = {
    rows,
    length,
    tokenIds: tf.tensor1d(tokens, "int32"),
    ...(drops && { dropout: tf.randomUniform<tf.Rank.R2>([positions, 3], -1, 1, "float32", 6) }),
  };
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
