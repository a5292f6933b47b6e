import * as tf from "@tensorflow/tfjs-core";
import { attention } from "./attention.ts";
import {
  type AttentionSizes,
  attentionBlocks,
  attentionSizes,
  type Chunk,
  type QueryBlock,
} from "./attention-blocks.ts";
import { fiveDimensional, joined, sliced } from "./attention-slices.ts";
import { sizeOf } from "./ranges.ts";

/** Keys and values [rows, keyValueHeads, positions, dimension], for example those of a prompt or of an answer. */
export interface KeyValuePart {
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
  /** Tensor added to the scores. Broadcasts to [rows of the query, keyValueHeads, group, length, positions]. */
  readonly mask?: tf.Tensor | undefined;
  /**
   * Whether `mask` hides from each query all keys of this part after its own position. The last query has the position
   * of the part's last key. Only the last part may be causal. Default false.
   */
  readonly causal?: boolean;
}

export interface PartsOptions {
  /** Maximum number of scores in memory at a time if the last part is causal. Default 2^23, which takes 32 MB. */
  readonly scores?: number;
}

/**
 * Computes the attention of `query` [rows, heads, length, dimension] to the keys of all parts together. The caller
 * scales the query by 1/sqrt(dimension). If a part has fewer rows than the query, each of its rows serves an equal
 * number of consecutive query rows. Returns [rows, heads, length, dimension]. Throws `RangeError` without parts, and if
 * the query rows cannot be divided equally.
 */
export function attentionToParts(
  query: tf.Tensor4D,
  parts: readonly KeyValuePart[],
  { scores }: PartsOptions = {},
): tf.Tensor4D {
  const [first, ...others] = parts;
  const [rows] = query.shape;
  if (!first) throw new RangeError("fused-ops: attention needs at least one part with keys and values.");
  for (const { key } of parts) {
    if (rows % key.shape[0] === 0) continue;
    throw new RangeError(`fused-ops: ${rows} query rows cannot be divided equally among ${key.shape[0]} rows of keys.`);
  }
  if (others.length === 0 && first.key.shape[0] === rows) {
    const { key, value, mask, causal = false } = first;
    return attention(query, key, value, { mask, causal, ...(scores !== undefined && { scores }) });
  }
  const positions = parts.reduce((sum, { key }) => sum + key.shape[2], 0);
  const sizes = { ...attentionSizes(query, first.key), positions };
  // Without a causal part, a query has few positions, and the memory is linear in the number of keys anyway.
  const blocks = parts.at(-1)?.causal ? attentionBlocks(sizes, true, scores) : undefined;
  if (!blocks) return wholeAttention(query, parts);
  const chunks = alignedChunks(blocks.chunks, sizes, parts);
  return tf.tidy(() => {
    const masked = parts.map((part) => ({ ...part, mask: part.mask && fiveDimensional(part.mask) }));
    const attended = chunks.map((chunk) =>
      tf.tidy(() =>
        tf.concat(
          blocks.blocks.map((block) => attendedBlock(query, masked, sizes, { ...chunk, ...block })),
          2,
        ),
      ),
    );
    return joined(attended, chunks) as tf.Tensor4D;
  });
}

/** Returns chunks of at most as many rows, in each of which a row of any part serves equally many rows. */
function alignedChunks(
  chunks: readonly Chunk[],
  { rows }: AttentionSizes,
  parts: readonly KeyValuePart[],
): readonly Chunk[] {
  const served = parts.map(({ key }) => rows / key.shape[0]);
  let size = Math.max(...chunks.map((chunk) => sizeOf(chunk.rows)));
  while (!served.every((each) => size % each === 0 || each % size === 0)) size--;
  const heads = chunks.filter((chunk) => chunk.rows.start === 0).map(({ keyValueHeads }) => keyValueHeads);
  return Array.from({ length: Math.ceil(rows / size) }, (_, index) => ({
    start: index * size,
    end: Math.min(rows, (index + 1) * size),
  })).flatMap((range) => heads.map((keyValueHeads) => ({ rows: range, keyValueHeads })));
}

/** Returns the attended values [rows, heads, queries, dimension] of a block. */
function attendedBlock(
  query: tf.Tensor4D,
  parts: readonly KeyValuePart[],
  { rows, group }: AttentionSizes,
  { rows: rowRange, keyValueHeads, queries, keys }: Chunk & QueryBlock,
): tf.Tensor4D {
  return tf.tidy(() => {
    const heads = { start: keyValueHeads.start * group, end: keyValueHeads.end * group };
    let before = 0;
    const visible = parts.map(({ key, value, mask }) => {
      const [partRows, , positions] = key.shape;
      const each = rows / partRows;
      const range = {
        0: { start: Math.floor(rowRange.start / each), end: Math.ceil(rowRange.end / each) },
        1: keyValueHeads,
        2: { start: 0, end: Math.min(positions, keys.end - before) },
      };
      before += positions;
      return {
        key: sliced(key, range) as tf.Tensor4D,
        value: sliced(value, range) as tf.Tensor4D,
        mask: mask && sliced(mask, { 0: rowRange, 1: keyValueHeads, 3: queries, 4: range[2] }),
      };
    });
    return wholeAttention(sliced(query, { 0: rowRange, 1: heads, 2: queries }) as tf.Tensor4D, visible);
  });
}

function wholeAttention(query: tf.Tensor4D, parts: readonly KeyValuePart[]): tf.Tensor4D {
  const [rows] = query.shape;
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
function maskedScores(query: tf.Tensor4D, { key, mask }: KeyValuePart): tf.Tensor4D {
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
