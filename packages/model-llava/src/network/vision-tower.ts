import { attention, mergeHeads, residual, splitHeads } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { Linear } from "../linear/linear.ts";
import { gelu, quickGelu } from "./gelu.ts";
import { layerNorm } from "./layer-norm.ts";
import type { VisionLayerWeights, VisionTowerWeights } from "./vision-tower-weights.ts";

export interface VisionTower {
  readonly config: VisionConfig;
  readonly weights: VisionTowerWeights;
}

/**
 * Returns hidden states [images * (1 + patches), hidden] after the first `layers` layers. The class token comes first.
 * `patches` [images * patches, 3 * patch * patch] come from {@link unfoldPatches}.
 */
export function visionHiddenStates(
  { config, weights }: VisionTower,
  patches: tf.Tensor2D,
  layers: number,
): tf.Tensor2D {
  const images = patches.shape[0] / patchesPerImage(config);
  const embedded = layerNorm(embedPatches(config, weights, patches, images), weights.preNorm, config.normEpsilon);
  return weights.layers.slice(0, layers).reduce((hidden, layer) => {
    const next = tf.tidy(() => runLayer(config, layer, hidden, images));
    hidden.dispose();
    return next;
  }, embedded);
}

/**
 * Returns patch features [images * patches, hidden]: the hidden state with index `selectLayer` (-1 is the last),
 * without the class token.
 */
export function patchFeatures(tower: VisionTower, patches: tf.Tensor2D, selectLayer: number): tf.Tensor2D {
  const { config } = tower;
  const count = patchesPerImage(config);
  const images = patches.shape[0] / count;
  const states = visionHiddenStates(tower, patches, config.layers + 1 + selectLayer);
  const withClass = tf.reshape(states, [images, count + 1, config.hiddenSize]);
  const features = tf.slice(withClass, [0, 1, 0], [images, count, config.hiddenSize]);
  return tf.reshape(features, [images * count, config.hiddenSize]);
}

/**
 * Writes pixels [3, imageSize, imageSize] into `target` at `offset`, as patches [patches, 3 * patch * patch]. The patch
 * embedding, a convolution without overlap, then becomes one matrix product.
 */
export function unfoldPatches(
  { imageSize, patchSize }: VisionConfig,
  pixels: Float32Array,
  target: Float32Array,
  offset: number,
): void {
  let next = offset;
  for (let top = 0; top < imageSize; top += patchSize) {
    for (let left = 0; left < imageSize; left += patchSize) {
      for (let channel = 0; channel < 3; channel++) {
        for (let row = 0; row < patchSize; row++) {
          const start = (channel * imageSize + top + row) * imageSize + left;
          target.set(pixels.subarray(start, start + patchSize), next);
          next += patchSize;
        }
      }
    }
  }
}

function embedPatches(
  config: VisionConfig,
  { patchEmbedding, classEmbedding, positionEmbedding }: VisionTowerWeights,
  patches: tf.Tensor2D,
  images: number,
): tf.Tensor2D {
  const { hiddenSize } = config;
  const positions = patchesPerImage(config) + 1;
  const embedded = tf.reshape(patchEmbedding.apply(patches), [images, positions - 1, hiddenSize]);
  const classToken = tf.tile(tf.reshape(classEmbedding.tensor, [1, 1, hiddenSize]), [images, 1, 1]);
  const tokens = tf.add(tf.concat([classToken, embedded], 1), positionEmbedding.tensor);
  return tf.reshape(tokens, [images * positions, hiddenSize]);
}

function runLayer(config: VisionConfig, weights: VisionLayerWeights, input: tf.Tensor2D, images: number): tf.Tensor2D {
  const { heads, hiddenSize, normEpsilon } = config;
  const normal = layerNorm(input, weights.attentionNorm, normEpsilon);
  const project = (linear: Linear): tf.Tensor4D => splitHeads(linear.apply(normal), images, heads);
  const query = tf.mul<tf.Tensor4D>(project(weights.query), 1 / Math.sqrt(hiddenSize / heads));
  const attended = attention(query, project(weights.key), project(weights.value));
  const hidden = residual(input, weights.output.apply(mergeHeads(attended)));
  const activate = config.activation === "gelu" ? gelu : quickGelu;
  const up = weights.up.apply(layerNorm(hidden, weights.mlpNorm, normEpsilon));
  return residual(hidden, weights.down.apply(activate(up)));
}
