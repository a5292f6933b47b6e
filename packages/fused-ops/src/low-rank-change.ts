import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { type DropoutMask, dropped } from "./seeded-dropout.ts";

export interface LowRankChangeOptions {
  /** Factor of the update. */
  readonly scale: number;
  /** Dropout of the input. Default: none. */
  readonly dropout?: DropoutMask | undefined;
}

/**
 * Returns the values [n, rows] that a low-rank adapter (LoRA, arXiv 2106.09685) adds to the result of a linear map:
 * `scale` * `input` [n, columns] * transposed `a` [rank, columns] * transposed `b` [rows, rank]. Differentiable with
 * respect to the three tensors. The gradient keeps only `input` and a tensor [n, rank]; it recomputes the dropout.
 */
export function lowRankChange(
  input: tf.Tensor2D,
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  { scale, dropout }: LowRankChangeOptions,
): tf.Tensor2D {
  const afterDropout = (values: tf.Tensor2D): tf.Tensor2D => (dropout ? dropped(values, dropout) : values);
  return withGradient<tf.Tensor2D>([input, a, b], (save) => {
    const inner = tf.tidy(() => tf.mul(tf.matMul<tf.Tensor2D>(afterDropout(input), a, false, true), scale));
    save(input, a, b, inner);
    return {
      value: tf.matMul<tf.Tensor2D>(inner, b, false, true),
      gradient: (dy, saved) => {
        const [given, down, up, kept] = [0, 1, 2, 3].map((index) => savedTensor(saved, index) as tf.Tensor2D);
        if (!given || !down || !up || !kept) return [];
        const dInner = tf.mul<tf.Tensor2D>(tf.matMul(dy, up), scale);
        return [
          afterDropout(tf.matMul(dInner, down)),
          tf.matMul(dInner, afterDropout(given), true),
          tf.matMul(dy, kept, true),
        ];
      },
    };
  });
}
