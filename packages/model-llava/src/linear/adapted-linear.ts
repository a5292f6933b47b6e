import { type DropoutMask, lowRankChange, residual } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import type { Linear } from "./linear.ts";

/** A low-rank update of a linear map: `scale` * `b` * `a`. */
export interface LowRankAdapter {
  /** Matrix [rank, inputs]. */
  readonly a: Weight<tf.Rank.R2>;
  /** Matrix [outputs, rank]; initially zero. */
  readonly b: Weight<tf.Rank.R2>;
  /** Factor of the update: alpha / rank, or alpha / sqrt(rank). */
  readonly scale: number;
  /**
   * Returns the dropout mask for the input [n, inputs] of the current pass; undefined without dropout. Default: no
   * dropout.
   */
  dropout?(): DropoutMask | undefined;
}

/** Adds a low-rank adapter (LoRA, arXiv 2106.09685) to `base`. */
export function withAdapter(base: Linear, adapter: LowRankAdapter): Linear {
  const { a, b, scale } = adapter;
  return {
    inputs: base.inputs,
    outputs: base.outputs,
    multiplyAdds: base.multiplyAdds + a.size + b.size,
    weights: [...base.weights, a, b],
    apply: (input) => {
      const change = lowRankChange(input, a.tensor, b.tensor, { scale, dropout: adapter.dropout?.() });
      return residual(base.apply(input), change);
    },
  };
}
