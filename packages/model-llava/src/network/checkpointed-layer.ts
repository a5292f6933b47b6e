import { checkpointed } from "@mlan/fused-ops";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { DecoderLayerWeights } from "./decoder-weights.ts";

export interface Checkpointing {
  /** Whether the layers' weights need gradients; where they do not, none are computed. */
  readonly weightsLearn: boolean;
}

/** One decoder layer on hidden states [rows * length, hidden]. */
export type RunLayer = (hidden: Tensor2D, weights: DecoderLayerWeights) => Tensor2D;

/**
 * A layer of which only its input is kept. Gradients reach the inputs of a checkpointed function alone: weights that
 * learn are among them, frozen ones are not.
 */
export function checkpointedLayer(
  run: RunLayer,
  hidden: Tensor2D,
  weights: DecoderLayerWeights,
  { weightsLearn }: Checkpointing,
): Tensor2D {
  if (!weightsLearn) return checkpointed((given: Tensor2D) => run(given, weights), hidden);
  return checkpointed(
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
}
