import { checkpointed } from "@mlan/fused-ops";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import { tidy } from "@tensorflow/tfjs-core";
import type { DecoderLayerWeights } from "./decoder-weights.ts";

/** One decoder layer on hidden states [rows * length, hidden]. */
export type RunLayer = (hidden: Tensor2D, weights: DecoderLayerWeights) => Tensor2D;

/** Runs a decoder layer, and decides what of it is kept. */
export type LayerRunner = (run: RunLayer, hidden: Tensor2D, weights: DecoderLayerWeights) => Tensor2D;

/** Gives back at the layer's end what no gradient needs. */
export const tidyLayer: LayerRunner = (run, hidden, weights) => tidy(() => run(hidden, weights));

/**
 * Keeps only the layer's input, and runs it once more for the gradient. Gradients reach the inputs of a checkpointed
 * function alone: weights that learn are among them, frozen ones are not.
 */
export function checkpointedLayer(weightsLearn: boolean): LayerRunner {
  return weightsLearn ? learningLayer : frozenLayer;
}

const frozenLayer: LayerRunner = (run, hidden, weights) =>
  checkpointed((given: Tensor2D) => run(given, weights), hidden);

const learningLayer: LayerRunner = (run, hidden, weights) =>
  checkpointed(
    (
      given: Tensor2D,
      inputNorm: Tensor1D,
      query: Tensor2D,
      key: Tensor2D,
      value: Tensor2D,
      output: Tensor2D,
      mlpNorm: Tensor1D,
      gate: Tensor2D,
      up: Tensor2D,
      down: Tensor2D,
    ) => run(given, { inputNorm, query, key, value, output, mlpNorm, gate, up, down }),
    hidden,
    weights.inputNorm,
    weights.query,
    weights.key,
    weights.value,
    weights.output,
    weights.mlpNorm,
    weights.gate,
    weights.up,
    weights.down,
  );
