import { attention as wholeAttention } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";

/** Keys and values of one layer [rows, keyValueHeads, positions, dimension]. Keys are already rotated. */
export interface KeyValue {
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
}

/** Keys and values with an additive mask. The mask broadcasts to [rows, keyValueHeads, group, length, positions]. */
export interface MaskedKeyValue extends KeyValue {
  readonly mask?: tf.Tensor;
  /** Whether the mask hides all keys after the query's position. A kernel may skip hidden keys. Default false. */
  readonly causal?: boolean;
}

/** The additive mask of a hidden position. It is finite, so that a row without any visible key stays finite. */
export const MASKED = -1e9;

/** Creates a mask [length, length]: 0 at visible positions, {@link MASKED} at later positions. */
export function causalMask(length: number): tf.Tensor2D {
  const mask = new Float32Array(length * length);
  for (let query = 0; query < length; query++) mask.fill(MASKED, query * length + query + 1, (query + 1) * length);
  return tf.tensor2d(mask, [length, length]);
}

/**
 * Computes grouped-query attention (arXiv 2305.13245). `query` is [rows, heads, length, dimension], already scaled by
 * 1/sqrt(dimension). Keys and values may come in several parts, e.g. those of a prompt and of an answer. If a part has
 * fewer rows than the query, each of its rows serves an equal number of consecutive query rows. Returns [rows, heads,
 * length, dimension].
 */
export function attention(query: tf.Tensor4D, parts: readonly MaskedKeyValue[]): tf.Tensor4D {
  const [only, ...others] = parts;
  const [rows] = query.shape;
  if (only && others.length === 0 && only.key.shape[0] === rows)
    return wholeAttention(query, only.key, only.value, only);
  const scores = parts.map((part) => maskedScores(query, part));
  const probabilities = tf.softmax(tf.concat(scores, 3));
  let start = 0;
  const attended = parts.map(({ value }) => {
    const [valueRows, heads, positions] = value.shape;
    const share = tf.slice(probabilities, [0, 0, 0, start], [rows, heads, -1, positions]);
    start += positions;
    return apart(tf.matMul<tf.Tensor4D>(together(share, valueRows), value), rows);
  });
  return tf.reshape(
    attended.reduce((sum, part) => tf.add(sum, part)),
    query.shape,
  );
}

/**
 * Returns scores [rows, keyValueHeads, group * length, positions]. Query heads with the same key head are contiguous,
 * so grouping them is a reshape, and keys are not copied.
 */
function maskedScores(query: tf.Tensor4D, { key, mask }: MaskedKeyValue): tf.Tensor4D {
  const [rows, heads, length, dimension] = query.shape;
  const [keyRows, keyValueHeads, positions] = key.shape;
  const group = heads / keyValueHeads;
  const grouped = tf.reshape<tf.Rank.R4>(query, [rows, keyValueHeads, group * length, dimension]);
  const scores = apart(tf.matMul<tf.Tensor4D>(together(grouped, keyRows), key, false, true), rows);
  if (!mask) return scores;
  return tf.reshape(tf.add(tf.reshape(scores, [rows, keyValueHeads, group, length, positions]), mask), scores.shape);
}

/**
 * Reshapes [rows, heads, n, d] to [fewer, heads, rows / fewer * n, d]. Shared keys then need one product instead of
 * many small ones.
 */
function together(input: tf.Tensor4D, fewer: number): tf.Tensor4D {
  const [rows, heads, count, width] = input.shape;
  if (rows === fewer) return input;
  const shared = tf.reshape<tf.Rank.R5>(input, [fewer, rows / fewer, heads, count, width]);
  return tf.reshape(tf.transpose(shared, [0, 2, 1, 3, 4]), [fewer, heads, (rows / fewer) * count, width]);
}

/** The inverse of {@link together}. */
function apart(input: tf.Tensor4D, rows: number): tf.Tensor4D {
  const [fewer, heads, count, width] = input.shape;
  if (rows === fewer) return input;
  const each = (count * fewer) / rows;
  const shared = tf.reshape<tf.Rank.R5>(input, [fewer, heads, rows / fewer, each, width]);
  return tf.reshape(tf.transpose(shared, [0, 2, 1, 3, 4]), [rows, heads, each, width]);
}
