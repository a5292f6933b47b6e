import type { Component, GradientOptions } from "@mlan/core";
import { detached, embedding, tokenLogProbabilities } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Architecture } from "../architectures/architecture.ts";
import type { InputTensors } from "../batch/input-tensors.ts";
import type { Selection } from "../batch/selection.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { Weight } from "../weights/weight.ts";
import { type WeightDeclarations, type WeightList, weightList } from "../weights/weight-list.ts";
import { attention } from "./attention.ts";
import { type Constants, constants } from "./constants.ts";
import { type Attend, decode, type Decoder, logits } from "./decoder.ts";
import { checkpointedLayer, tidyLayer } from "./layer-runner.ts";
import { declareProjector, project, type Projector } from "./projector.ts";
import { patchFeatures, type VisionTower } from "./vision-tower.ts";
import { declareVisionTower } from "./vision-tower-weights.ts";

/** How images enter the language model. */
export interface VisionOptions {
  readonly config: VisionConfig;
  /** The tower's hidden state that is read, counted from the end. */
  readonly selectLayer: number;
}

/** A LLaVA network: decoder, and tower and projector where it sees. */
export interface LlavaNetwork {
  readonly decoder: Decoder;
  readonly vision:
    | { readonly tower: VisionTower; readonly projector: Projector; readonly selectLayer: number }
    | undefined;
  readonly constants: Constants;
  /** All of them, in the order of declaration. */
  readonly weights: readonly Weight[];
}

/** Which network: its architecture, and its sizes. */
export interface NetworkSizes {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly vision: VisionOptions | undefined;
}

/** A network whose weights are declared, on `list`, and not loaded. The list decides of what kind linear maps are. */
export function llavaNetwork(sizes: NetworkSizes, list: WeightList = weightList()): LlavaNetwork {
  return { ...declareNetwork(sizes, list), weights: list.weights, constants: constants(sizes.language) };
}

/** Declares all weights of a network. */
export function declareNetwork(
  { architecture, language, vision }: NetworkSizes,
  list: WeightDeclarations,
): Pick<LlavaNetwork, "decoder" | "vision"> {
  return {
    decoder: architecture.decoder(language, list),
    vision: vision && {
      projector: declareProjector(vision.config.hiddenSize, language.hiddenSize, list),
      tower: { config: vision.config, weights: declareVisionTower(vision.config, list) },
      selectLayer: vision.selectLayer,
    },
  };
}

export function disposeNetwork({ weights, constants }: LlavaNetwork): void {
  for (const weight of weights) weight.dispose();
  constants.dispose();
}

/** Positions of one image; 0 without a tower, where making tensors of images is refused. */
export function positionsPerImage({ vision }: LlavaNetwork): number {
  return vision ? patchesPerImage(vision.tower.config) : 0;
}

/**
 * Hidden states [rows * length, hidden] before the last normalisation. Rows are padded on the right and a position
 * sees only earlier ones, so padding needs no mask.
 */
export function hiddenStates(network: LlavaNetwork, inputs: InputTensors, options: GradientOptions = {}): tf.Tensor2D {
  const { rows, length } = inputs;
  const mask = network.constants.mask(length);
  const attend: Attend = (query, keyValue) => attention(query, [{ ...keyValue, mask }]);
  const rotations = network.constants.rotations(length);
  const hidden = embeddings(network, inputs);
  const runLayer = options.gradientCheckpointing ? checkpointedLayer : tidyLayer;
  return decode(network.decoder, { hidden, rows, rotations, attend, runLayer });
}

/** Mean cross-entropy over the selection, in nats. */
export function crossEntropy(
  network: LlavaNetwork,
  inputs: InputTensors,
  selected: Selection,
  options: GradientOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    const hidden = embedding(hiddenStates(network, inputs, options), selected.positions);
    const logProbabilities = tokenLogProbabilities(logits(network.decoder, hidden), selected.targets);
    return tf.neg(tf.sum(tf.mul(logProbabilities, selected.weights)));
  });
}

function embeddings({ decoder, vision, weights }: LlavaNetwork, { tokenIds, images }: InputTensors): tf.Tensor2D {
  const text = decoder.embedding.rowsAt(tokenIds);
  if (!vision || !images) return text;
  const see = (): tf.Tensor2D => patchFeatures(vision.tower, images.patches, vision.selectLayer);
  const features = project(vision.projector, learns(weights, "vision") ? see() : detached(see));
  return embedding(tf.concat([text, features], 0), images.sources);
}

function learns(weights: readonly Weight[], component: Component): boolean {
  return weights.some((weight) => weight.component === component && weight.learns);
}
