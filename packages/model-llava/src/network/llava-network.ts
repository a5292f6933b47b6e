import type { Component, GradientOptions, LossOptions } from "@mlan/core";
import { attention, detached, embedding } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { AdaptableNetwork } from "../adapter/target-linears.ts";
import { AdapterSlot } from "../adapter/network-adapter.ts";
import type { Architecture } from "../architectures/architecture.ts";
import type { InputTensors } from "../batch/input-tensors.ts";
import type { Selection } from "../batch/selection.ts";
import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { Weight } from "../weights/weight.ts";
import { type WeightDeclarations, type WeightList, weightList } from "../weights/weight-list.ts";
import { type Constants, constants } from "./constants.ts";
import { type Attend, decode, type Decoder } from "./decoder.ts";
import { checkpointedLayer, type LayerRunner, tidyLayer } from "./layer-runner.ts";
import { declareProjector, project, type Projector } from "./projector.ts";
import { patchFeatures, type VisionTower } from "./vision-tower.ts";
import { meanCrossEntropy } from "./token-losses.ts";
import { declareVisionTower } from "./vision-tower-weights.ts";

/** Sizes of the vision tower, and the hidden state that the language model reads. */
export interface VisionOptions {
  readonly config: VisionConfig;
  /** Index of the tower's hidden state; -1 is the last. */
  readonly selectLayer: number;
}

/** A LLaVA network: a decoder and, for images, a vision tower and a projector. */
export interface LlavaNetwork {
  readonly decoder: Decoder;
  readonly vision:
    | { readonly tower: VisionTower; readonly projector: Projector; readonly selectLayer: number }
    | undefined;
  readonly constants: Constants;
  /** All weights in the order of declaration. The adapter's weights come last. */
  readonly weights: readonly Weight[];
  readonly adaptable: AdaptableNetwork;
  readonly slot: AdapterSlot;
}

export interface NetworkSizes {
  readonly architecture: Architecture;
  readonly language: LanguageConfig;
  readonly vision: VisionOptions | undefined;
}

/**
 * Creates a network and declares its weights on `list`, without loading them. The list creates the network's {@link
 * Linear} maps.
 */
export function llavaNetwork(sizes: NetworkSizes, list: WeightList = weightList()): LlavaNetwork {
  const declared = declareNetwork(sizes, list);
  const slot = new AdapterSlot(list.linears);
  return {
    ...declared,
    constants: constants(sizes.language),
    get weights() {
      return [...list.weights, ...(slot.adapter?.weights ?? [])];
    },
    adaptable: { linears: list.linears, head: declared.decoder.head },
    slot,
  };
}

/** Declares the weights of a network. */
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

export function disposeNetwork({ weights, constants, slot }: LlavaNetwork): void {
  for (const weight of weights) weight.dispose();
  slot.adapter?.dispose();
  constants.dispose();
}

/** Returns the number of positions per image; 0 without a tower. */
export function positionsPerImage({ vision }: LlavaNetwork): number {
  return vision ? patchesPerImage(vision.tower.config) : 0;
}

/**
 * Computes hidden states [rows * length, hidden] before the final norm. Rows are padded on the right. Padding needs no
 * mask, because a position attends only to earlier positions.
 */
export function hiddenStates(network: LlavaNetwork, inputs: InputTensors, options: GradientOptions = {}): tf.Tensor2D {
  const { rows, length, dropout } = inputs;
  const { slot } = network;
  const mask = network.constants.mask(length);
  const attend: Attend = (query, { key, value }) => attention(query, key, value, { mask, causal: true });
  const rotations = network.constants.rotations(length);
  const hidden = embeddings(network, inputs);
  const runner = options.gradientCheckpointing ? checkpointedLayer : tidyLayer;
  // Set in each run of a layer, because the gradient may run the layer again.
  const runLayer: LayerRunner = (run, given, weights) =>
    runner(dropout ? (layerInput) => slot.dropping(dropout, () => run(layerInput)) : run, given, weights);
  return decode(network.decoder, { hidden, rows, rotations, attend, runLayer });
}

/** Returns the mean cross-entropy over the selection, in nats. */
export function crossEntropy(
  network: LlavaNetwork,
  inputs: InputTensors,
  selected: Selection,
  { onRowLosses, ...options }: LossOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    const hidden = embedding(hiddenStates(network, inputs, options), selected.positions);
    if (!onRowLosses) return meanCrossEntropy(network.decoder, hidden, selected);
    const blocks: tf.Tensor1D[] = [];
    const loss = meanCrossEntropy(network.decoder, hidden, selected, { onBlock: (block) => blocks.push(block) });
    onRowLosses(tf.keep(tf.tidy(() => rowLosses(tf.neg(tf.concat(blocks)), selected, inputs))));
    tf.dispose(blocks);
    return loss;
  });
}

/** Returns the sum of `losses` [n] over the selected positions of each row: [rows]. */
function rowLosses(
  losses: tf.Tensor1D,
  { positions }: Selection,
  { rows, length }: Pick<InputTensors, "rows" | "length">,
): tf.Tensor1D {
  const column = tf.reshape(positions, [-1, 1]);
  const starts = Array.from({ length: rows }, (_, row) => row * length);
  const isFrom = tf.greaterEqual(column, tf.tensor2d(starts, [1, rows], "int32"));
  const isBefore = tf.less(
    column,
    tf.tensor2d(
      starts.map((start) => start + length),
      [1, rows],
      "int32",
    ),
  );
  const isIn = tf.cast(tf.logicalAnd(isFrom, isBefore), "float32");
  return tf.sum(tf.mul(isIn, tf.reshape(losses, [-1, 1])), 0);
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
