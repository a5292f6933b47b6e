/** Rounds `value` up to a multiple of `multiple`. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Returns the smallest power of two that is at least `value`, and at least 1. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}

/**
 * Rounds a length up so that few distinct lengths occur, since every new shape compiles a graph. Up to 256 the results
 * are multiples of 32; beyond, there are four per doubling, of which less than a fifth is padding.
 */
export function lengthBucket(length: number): number {
  return roundUp(length, Math.max(32, powerOfTwo(length) / 8));
}

/**
 * Returns the number of positions to compute for `count` targets: a power of two, at least 64, or all positions if they
 * are fewer.
 */
export function selectionBucket(count: number, positions: number): number {
  return Math.min(Math.max(64, powerOfTwo(count)), Math.max(count, positions));
}

/** Returns the number of rows of a batch for `count` items: exact up to eight; beyond, less than a fifth is padding. */
export function rowBucket(count: number): number {
  return roundUp(count, Math.max(1, powerOfTwo(count) / 8));
}

/**
 * Like {@link lengthBucket}, but with finer steps for short lengths, since the rest of a prompt after a shared prefix
 * is short.
 */
export function suffixBucket(length: number): number {
  return length <= 8 ? powerOfTwo(length) : roundUp(length, Math.max(8, powerOfTwo(length) / 8));
}
