import type { Component, GradientOptions } from "@mlan/core";
import { patchesPerImage } from "../config/vision-config.ts";
import { linearsOf, type WeightPart } from "../weights/parts.ts";
import type { Decoder } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import type { VisionTower } from "./vision-tower.ts";

/** The size of a batch including padding. */
export interface BatchSize {
  readonly rows: number;
  readonly length: number;
  readonly images: number;
  /** Number of positions that pass through the output layer. */
  readonly supervised: number;
}

/**
 * Returns the floating-point operations of the matrix products in a forward and a backward pass, two per multiply-add.
 * The backward pass of a product with a weight has one product for the gradient of its input, if a component below is
 * trained, and one for the gradient of the weight, if it is trained. The backward pass of an attention product has two
 * products. Gradient checkpointing computes each decoder layer with a gradient a second time.
 */
export function trainingFlops(
  { decoder, vision }: Pick<LlavaNetwork, "decoder" | "vision">,
  batch: BatchSize,
  trained: readonly Component[],
  { gradientCheckpointing = false }: GradientOptions = {},
): number {
  const learns = (component: Component): boolean => trained.includes(component);
  const sees = vision !== undefined && batch.images > 0;
  const belowDecoder = learns("language") || learns("adapter") || (sees && (learns("projector") || learns("vision")));
  const decoderPasses = passes(belowDecoder, learns("language"));
  const language = decoderFlops(decoder, batch);
  const again = Number(belowDecoder && gradientCheckpointing);
  const decoderTotal =
    language.head * decoderPasses +
    language.weights * (decoderPasses + again) +
    language.adapter * (passes(belowDecoder, learns("adapter")) + again) +
    language.attention * ((belowDecoder ? 3 : 1) + again);
  if (!sees) return decoderTotal;
  const { tower, projector, selectLayer } = vision;
  const patches = batch.images * patchesPerImage(tower.config);
  const layers = tower.config.layers + 1 + selectLayer;
  return (
    decoderTotal +
    2 * patches * projector.first.multiplyAdds * passes(learns("vision"), learns("projector")) +
    2 * patches * projector.second.multiplyAdds * passes(learns("vision") || learns("projector"), learns("projector")) +
    towerFlops(tower, batch.images, layers) * (learns("vision") ? 3 : 1)
  );
}

function passes(inputLearns: boolean, weightLearns: boolean): number {
  return 1 + Number(inputLearns) + Number(weightLearns);
}

function decoderFlops(
  { config, layers, head }: Decoder,
  { rows, length, supervised }: BatchSize,
): { weights: number; adapter: number; attention: number; head: number } {
  const parts = layers.map(({ weights }) => weights);
  const all = multiplyAddsOf(parts);
  const adapter = adapterMultiplyAddsOf(parts);
  return {
    weights: 2 * rows * length * (all - adapter),
    adapter: 2 * rows * length * adapter,
    attention: 4 * rows * length ** 2 * config.heads * config.headDimension * layers.length,
    head: 2 * supervised * head.multiplyAdds,
  };
}

function towerFlops({ config, weights }: VisionTower, images: number, layers: number): number {
  const patches = patchesPerImage(config);
  const positions = patches + 1;
  const linears = positions * multiplyAddsOf(weights.layers.slice(0, layers));
  const attention = 2 * positions ** 2 * config.hiddenSize * layers;
  return 2 * images * (patches * weights.patchEmbedding.multiplyAdds + linears + attention);
}

/** Returns the multiply-adds per position. */
function multiplyAddsOf(layers: readonly WeightPart[]): number {
  return layers.flatMap(linearsOf).reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
}

/** Returns the multiply-adds per position of the adapter. */
function adapterMultiplyAddsOf(layers: readonly WeightPart[]): number {
  const weights = layers.flatMap(linearsOf).flatMap((linear) => linear.weights);
  return weights.reduce((sum, { component, size }) => sum + (component === "adapter" ? size : 0), 0);
}
