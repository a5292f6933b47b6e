import type * as tf from "@tensorflow/tfjs-core";
import { type Range, ranges, sizeOf } from "./ranges.ts";

/** Rows and key heads that are computed together. */
export interface Chunk {
  readonly rows: Range;
  readonly keyValueHeads: Range;
}

/** A block of consecutive queries, and the keys that they may attend to. */
export interface QueryBlock {
  readonly queries: Range;
  readonly keys: Range;
}

/** The order in which scores are computed: all {@link blocks} of one chunk, then all blocks of the next. */
export interface AttentionBlocks {
  readonly chunks: readonly Chunk[];
  /** The blocks of every chunk, in order. */
  readonly blocks: readonly QueryBlock[];
}

export interface AttentionSizes {
  readonly rows: number;
  readonly keyValueHeads: number;
  /** Number of query heads per key head. */
  readonly group: number;
  /** Number of queries per head. */
  readonly length: number;
  /** Number of keys per head. */
  readonly positions: number;
}

/**
 * Default maximum number of scores in memory at a time: 32 MB in float32, which fits into the last-level cache of a
 * large processor.
 */
const SCORES = 2 ** 23;
/** Maximum number of queries per block. More queries do not make the products faster. */
const MOST_QUERIES = 512;
/** Minimum number of queries per block. With fewer queries, the products become slow. */
const FEWEST_QUERIES = 64;

/** Returns the blocks of attention; undefined if all scores may be computed at once. */
export function attentionBlocks(
  sizes: AttentionSizes,
  causal: boolean,
  scores: number = SCORES,
): AttentionBlocks | undefined {
  const { rows, keyValueHeads, group, length, positions } = sizes;
  const perQuery = group * positions;
  if (rows * keyValueHeads * perQuery * length <= scores) return undefined;
  const most = Math.min(length, MOST_QUERIES, Math.max(FEWEST_QUERIES, Math.floor(scores / perQuery)));
  const queries = ranges(length, most);
  const heads = Math.max(1, Math.floor(scores / (perQuery * most)));
  const rowsAtOnce = Math.max(1, Math.floor(heads / keyValueHeads));
  const headsAtOnce = Math.min(heads, keyValueHeads);
  return {
    chunks: ranges(rows, rowsAtOnce).flatMap((rowRange) =>
      ranges(keyValueHeads, headsAtOnce).map((headRange) => ({ rows: rowRange, keyValueHeads: headRange })),
    ),
    blocks: queries.map((range) => ({
      queries: range,
      keys: { start: 0, end: causal ? positions - length + range.end : positions },
    })),
  };
}

/** Returns the maximum number of scores that `attention` holds in memory at a time, for predictions of memory. */
export function scoresAtOnce(sizes: AttentionSizes): number {
  const { rows, keyValueHeads, group, length, positions } = sizes;
  const parts = attentionBlocks(sizes, false);
  if (!parts) return rows * keyValueHeads * group * length * positions;
  const heads = parts.chunks.map((chunk) => sizeOf(chunk.rows) * sizeOf(chunk.keyValueHeads));
  const queries = parts.blocks.map((block) => sizeOf(block.queries));
  return Math.max(...heads) * group * Math.max(...queries) * positions;
}

/**
 * Returns the sizes of the attention of `query` [rows, heads, length, dimension] to `key` [rows, keyValueHeads,
 * positions, dimension].
 */
export function attentionSizes(query: tf.Tensor4D, key: tf.Tensor4D): AttentionSizes {
  const [rows, heads, length] = query.shape;
  const [, keyValueHeads, positions] = key.shape;
  return { rows, keyValueHeads, group: heads / keyValueHeads, length, positions };
}
