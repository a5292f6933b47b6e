import type { Component, GradientOptions } from "@mlan/core";
import type { LanguageConfig } from "../config/language-config.ts";
import { patchesPerImage, type VisionConfig } from "../config/vision-config.ts";
import type { LlavaNetwork } from "./llava-network.ts";

/** The size of a batch as it is computed, padding included. */
export interface BatchSize {
  readonly rows: number;
  readonly length: number;
  /** Distinct images. */
  readonly images: number;
  /** Positions that pass through the output layer. */
  readonly supervised: number;
}

/**
 * Floating-point operations of a forward and a backward pass, two per multiply-add, matrix products only. A product
 * with a weight is done again for the input's gradient where something below it learns, and once more where the
 * weight itself learns; a product of attention twice more. With gradient checkpointing, all of a decoder layer is done
 * once more where a gradient passes it.
 */
export function trainingFlops(
  { decoder, vision }: LlavaNetwork,
  batch: BatchSize,
  trained: readonly Component[],
  { gradientCheckpointing = false }: GradientOptions = {},
): number {
  const learns = (component: Component): boolean => trained.includes(component);
  const sees = vision !== undefined && batch.images > 0;
  const belowDecoder = learns("language") || (sees && (learns("projector") || learns("vision")));
  const decoderPasses = passes(belowDecoder, learns("language"));
  const language = decoderFlops(decoder.config, batch);
  const again = Number(belowDecoder && gradientCheckpointing);
  const decoderTotal =
    language.head * decoderPasses +
    language.weights * (decoderPasses + again) +
    language.attention * ((belowDecoder ? 3 : 1) + again);
  if (!sees) return decoderTotal;
  const config = vision.tower.config;
  const patches = batch.images * patchesPerImage(config);
  const { hiddenSize } = decoder.config;
  const tower = towerFlops(config, batch.images, config.layers + 1 + vision.selectLayer);
  return (
    decoderTotal +
    2 * patches * config.hiddenSize * hiddenSize * passes(learns("vision"), learns("projector")) +
    2 * patches * hiddenSize ** 2 * passes(learns("vision") || learns("projector"), learns("projector")) +
    tower * (learns("vision") ? 3 : 1)
  );
}

function passes(inputLearns: boolean, weightLearns: boolean): number {
  return 1 + Number(inputLearns) + Number(weightLearns);
}

function decoderFlops(
  config: LanguageConfig,
  { rows, length, supervised }: BatchSize,
): { weights: number; attention: number; head: number } {
  const { hiddenSize, heads, keyValueHeads, headDimension, intermediateSize } = config;
  const projections = hiddenSize * headDimension * (2 * heads + 2 * keyValueHeads);
  const layer = projections + 3 * hiddenSize * intermediateSize;
  return {
    weights: 2 * rows * length * layer * config.layers,
    attention: 4 * rows * length ** 2 * heads * headDimension * config.layers,
    head: 2 * supervised * hiddenSize * config.vocabularySize,
  };
}

function towerFlops(config: VisionConfig, images: number, layers: number): number {
  const { hiddenSize, intermediateSize, patchSize } = config;
  const patches = patchesPerImage(config);
  const positions = patches + 1;
  const layer = positions * (4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize) + 2 * positions ** 2 * hiddenSize;
  return 2 * images * (patches * 3 * patchSize ** 2 * hiddenSize + layer * layers);
}
