export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** Returns the smallest power of two that is at least `value` and at least 1. */
export function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}

/**
 * Minimum number of parameters of a large model. For a large model, computing the padding of one batch takes longer
 * than compiling a graph for a new length.
 */
const LARGE_MODEL = 2 ** 31;

/**
 * Rounds a prompt's length up, because every new shape compiles a graph. Results up to 256 are multiples of 32. Above
 * 256 there are four results per doubling, and less than a fifth of a result is padding. For a language model with
 * billions of `parameters`, all results are multiples of 32, because its padding costs more time and memory than a graph.
 */
export function lengthBucket(length: number, parameters: number): number {
  return roundUp(length, parameters < LARGE_MODEL ? Math.max(32, powerOfTwo(length) / 8) : 32);
}

/**
 * Returns the number of positions to compute for `count` targets: a power of two of at least 64, but at most
 * `positions`.
 */
export function selectionBucket(count: number, positions: number): number {
  return Math.min(Math.max(64, powerOfTwo(count)), Math.max(count, positions));
}

/**
 * Returns the number of rows for `count` items: `count` up to eight; above, less than a fifth of the rows is padding.
 */
export function rowBucket(count: number): number {
  return roundUp(count, Math.max(1, powerOfTwo(count) / 8));
}

/** Like {@link lengthBucket} for a small model, with finer steps for short lengths. Prompts that share a prefix have short suffixes. */
export function suffixBucket(length: number): number {
  return length <= 8 ? powerOfTwo(length) : roundUp(length, Math.max(8, powerOfTwo(length) / 8));
}
