import * as tf from "@tensorflow/tfjs-core";

/** Storage of AdamW's moments. */
export type MomentPrecision = "float32" | "bfloat16";

/**
 * Creates a moment of zeros for a parameter with this shape: a variable of the same shape or, in bfloat16, an int32
 * vector with two values per element, the first in the lower half.
 */
export function zeroMoment(shape: number[], precision: MomentPrecision): tf.Variable {
  return tf.tidy(() => {
    if (precision === "float32") return tf.variable(tf.zeros(shape), false);
    return tf.variable(tf.zeros([Math.ceil(tf.util.sizeFromShape(shape) / 2)], "int32"), false);
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

const KERNELS = { float32: "ApplyAdamW", bfloat16: "ApplyAdamWBfloat16" } as const;

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
