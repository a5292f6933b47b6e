/** `value` rounded up to a multiple of `multiple`. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** The smallest power of two that is at least `value`. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}

/**
 * Rounds a length up so that there are few distinct lengths, since every new shape compiles a graph: multiples of 32,
 * and from 256 on four lengths per doubling (at most a quarter is padding).
 */
export function lengthBucket(length: number): number {
  return roundUp(length, Math.max(32, powerOfTwo(length) / 8));
}

/** How many selected positions to compute for `count` targets: a power of two, at least 64, at most all positions. */
export function selectionBucket(count: number, positions: number): number {
  return Math.min(Math.max(64, powerOfTwo(count)), Math.max(count, positions));
}

/** Rows of a batch for `count` items: exact up to eight, then at most an eighth is padding. */
export function rowBucket(count: number): number {
  return roundUp(count, Math.max(1, powerOfTwo(count) / 8));
}

/** Like {@link lengthBucket}, but with short lengths too, since the rest of a prompt after a shared prefix is short. */
export function suffixBucket(length: number): number {
  return length <= 8 ? powerOfTwo(length) : roundUp(length, Math.max(8, powerOfTwo(length) / 8));
}
