import { type DropoutMask, lowRankChange } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import type { Linear } from "./linear.ts";

/** A low-rank update of a linear map: `scale` * `b` * `a`. */
export interface LowRankAdapter {
  /** [rank, inputs] */
  readonly a: Weight<tf.Rank.R2>;
  /** [outputs, rank]; initially zeros, so that the map starts as the base. */
  readonly b: Weight<tf.Rank.R2>;
  /** alpha / rank */
  readonly scale: number;
  /** What of its input [n, inputs] is dropped in the pass that is computed. Default nothing. */
  dropout?(): DropoutMask | undefined;
}

/** `base`, in any storage format, plus a low-rank adapter (LoRA, arXiv 2106.09685). */
export function withAdapter(base: Linear, adapter: LowRankAdapter): Linear {
  const { a, b, scale } = adapter;
  return {
    inputs: base.inputs,
    outputs: base.outputs,
    multiplyAdds: base.multiplyAdds + a.size + b.size,
    weights: [...base.weights, a, b],
    apply: (input) => {
      const change = lowRankChange(input, a.tensor, b.tensor, { scale, dropout: adapter.dropout?.() });
      return tf.add(base.apply(input), change);
    },
  };
}
