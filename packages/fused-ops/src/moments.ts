import * as tf from "@tensorflow/tfjs-core";

/** Storage of AdamW's moments. */
export type MomentPrecision = "float32" | "bfloat16" | "int8";

/** Number of values of an int8 moment that share a scale. */
const BLOCK = 256;

/**
 * Creates a moment of zeros for a parameter with this shape. In float32, it is a variable of the same shape. In bfloat16, it is
 * an int32 vector with two values per element, the first in the lower half. In int8, it is an int32 vector with four codes
 * per element, in whole blocks of 256 values, followed by a float32 scale per block.
 */
export function zeroMoment(shape: number[], precision: MomentPrecision): tf.Variable {
  return tf.tidy(() => {
    if (precision === "float32") return tf.variable(tf.zeros(shape), false);
    const size = tf.util.sizeFromShape(shape);
    const length = precision === "bfloat16" ? Math.ceil(size / 2) : Math.ceil(size / BLOCK) * (BLOCK / 4 + 1);
    return tf.variable(tf.zeros([length], "int32"), false);
  });
}

/** Returns the first `count` values of a bfloat16 moment. */
export function unpackedMoment(elements: Int32Array, count: number): Float32Array {
  const patterns = new Uint16Array(elements.buffer, elements.byteOffset, count);
  return new Float32Array(Int32Array.from(patterns, (pattern) => pattern << 16).buffer);
}

/** Packs bfloat16 numbers into the elements of a moment. Drops the lower bits of the float32 values. */
export function packedMoment(values: Float32Array): Int32Array {
  const patterns = new Uint16Array(2 * Math.ceil(values.length / 2));
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (const [index, pattern] of bits.entries()) patterns[index] = pattern >>> 16;
  return new Int32Array(patterns.buffer);
}

const KERNELS = { float32: "ApplyAdamW", bfloat16: "ApplyAdamWBfloat16", int8: "ApplyAdamWInt8" } as const;

/** Returns the name of the kernel that updates moments of this precision. */
export function adamwKernel(precision: MomentPrecision): string {
  return KERNELS[precision];
}

/**
 * Returns whether the current backend can update moments of this precision. Every backend can update float32 moments.
 */
export function supportsMoments(precision: MomentPrecision): boolean {
  return precision === "float32" || tf.getKernel(adamwKernel(precision), tf.getBackend()) !== undefined;
}
