import { checkpointed } from "@mlan/fused-ops";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { KeyValue } from "./attention.ts";
import { type WeightPart, weightsOf } from "../weights/parts.ts";

/**
 * Runs a layer with the given weights on hidden states [rows * length, hidden], and decides which of its tensors stay
 * in memory.
 */
export type LayerRunner = (run: (hidden: Tensor2D) => Tensor2D, hidden: Tensor2D, weights: WeightPart) => Tensor2D;

/** At the end of the layer, frees the tensors that no gradient needs. */
export const tidyLayer: LayerRunner = (run, hidden) => tidy(() => run(hidden));

/** Keeps only the layer's input and runs the layer again for its gradient (gradient checkpointing). */
export const checkpointedLayer: LayerRunner = (run, hidden, weights) => {
  const learning = weightsOf(weights).filter(({ learns }) => learns);
  return checkpointed(
    run,
    [hidden],
    learning.map(({ tensor }) => tensor),
  );
};

/**
 * Returns a runner that frees the layer's input, and all its tensors except the result and the tensors added to
 * `cached`, at the end of the layer. On a backend that computes eagerly, they would otherwise exist until the end of
 * the pass.
 */
export function answeringLayer(cached: readonly KeyValue[]): LayerRunner {
  return (run, hidden) => {
    const before = cached.length;
    const [next] = tidy(() => [run(hidden), ...cached.slice(before).flatMap(({ key, value }) => [key, value])]);
    hidden.dispose();
    return next as Tensor2D;
  };
}
