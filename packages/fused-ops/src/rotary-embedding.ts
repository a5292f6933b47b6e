import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";

/** Cosines and sines of a rotation: one row of [dimension / 2] per position. */
export interface Rotation {
  /** [length, dimension / 2], or [rows, length, dimension / 2] if rows have different positions. */
  readonly cosine: tf.Tensor;
  /** The same shape as `cosine`. */
  readonly sine: tf.Tensor;
}

/**
 * Applies the rotary position embedding (arXiv 2104.09864) to heads [rows, heads, length, dimension]. As in Hugging
 * Face's code, element i is paired with element i + dimension / 2. A common factor of cosine and sine scales the
 * result. Fused kernel "RotaryEmbedding": inputs `x`, `cosine`, `sine`; one output.
 */
export function rotaryEmbedding(heads: tf.Tensor4D, { cosine, sine }: Rotation): tf.Tensor4D {
  return withGradient<tf.Tensor4D>([heads], (save) => {
    save(cosine, sine);
    return {
      value: rotate(heads, cosine, sine),
      gradient: (dy, saved) => [rotate(dy, savedTensor(saved, 0), tf.neg(savedTensor(saved, 1)))],
    };
  });
}

function rotate(heads: tf.Tensor4D, cosine: tf.Tensor, sine: tf.Tensor): tf.Tensor4D {
  const [fused] = fusedKernel("RotaryEmbedding", { x: heads, cosine, sine }) ?? [];
  if (fused) return fused as tf.Tensor4D;
  const [first, second] = tf.split(heads, 2, 3);
  const [c, s] = [perHead(cosine), perHead(sine)];
  if (!first || !second) throw new RangeError("fused-ops: a head could not be split in two halves.");
  return tf.concat([tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))], 3);
}

/** Inserts a dimension for the heads, because all heads use the same factors. */
function perHead(factors: tf.Tensor): tf.Tensor {
  return factors.rank === 2 ? factors : tf.expandDims(factors, 1);
}
