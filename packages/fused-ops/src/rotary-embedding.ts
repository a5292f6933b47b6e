import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";

/** Factors of a rotation: one row of [dimension / 2] per position. */
export interface Rotation {
  /** [length, dimension / 2], or [rows, length, dimension / 2] where rows stand at different positions. */
  readonly cosine: tf.Tensor;
  /** Of the shape of `cosine`. */
  readonly sine: tf.Tensor;
}

/**
 * Rotary position embedding (arXiv 2104.09864) of heads [rows, heads, length, dimension] in Hugging Face's convention:
 * the two members of a pair are half a head apart. A factor in cosine and sine alike scales the result.
 * Fused kernel "RotaryEmbedding": inputs `x`, `cosine`, `sine`, one output.
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
  if (!first || !second) throw new RangeError("fused-ops: a head was not split in two.");
  return tf.concat([tf.sub(tf.mul(first, c), tf.mul(second, s)), tf.add(tf.mul(second, c), tf.mul(first, s))], 3);
}

/** With a dimension for the heads, which all turn alike. */
function perHead(factors: tf.Tensor): tf.Tensor {
  return factors.rank === 2 ? factors : tf.expandDims(factors, 1);
}
