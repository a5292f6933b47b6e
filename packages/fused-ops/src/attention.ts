import * as tf from "@tensorflow/tfjs-core";
import { attentionBlocks, attentionSizes } from "./attention-blocks.ts";
import { blockedAttention, scoreGradient } from "./blocked-attention.ts";
import { savedTensor, withGradient } from "./custom-gradient.ts";

export interface AttentionOptions {
  /** Tensor added to the scores. Broadcasts to [rows, keyValueHeads, heads / keyValueHeads, length, positions]. */
  readonly mask?: tf.Tensor | undefined;
  /**
   * Whether `mask` hides from each query all keys after its own position. The last query has the position of the last
   * key. Hidden keys may be skipped. Default false.
   */
  readonly causal?: boolean;
  /** Maximum number of scores in memory at a time. Default 2^23, which takes 32 MB. */
  readonly scores?: number;
}

/**
 * Computes the attention of `query` [rows, heads, length, dimension] to `key` and `value` [rows, keyValueHeads,
 * positions, dimension], which may have fewer heads (arXiv 2305.13245). The caller scales the query by
 * 1/sqrt(dimension). Returns [rows, heads, length, dimension]. More than `scores` scores are computed block by block,
 * and recomputed for the gradient.
 */
export function attention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  { mask, causal = false, scores }: AttentionOptions = {},
): tf.Tensor4D {
  const sizes = attentionSizes(query, key);
  if (causal && (!mask || sizes.positions < sizes.length)) {
    throw new RangeError(
      `fused-ops: causal attention of ${sizes.length} queries to ${sizes.positions} keys ${mask ? "has" : "without a mask has"} no ` +
        "meaning. Pass a mask, and at least as many keys as queries.",
    );
  }
  const blocks = attentionBlocks(sizes, causal, scores);
  return blocks ? blockedAttention(query, key, value, mask, sizes, blocks) : wholeAttention(query, key, value, mask);
}

function wholeAttention(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, mask?: tf.Tensor): tf.Tensor4D {
  return withGradient<tf.Tensor4D>([query, key, value], (save) => {
    const [rows, heads, length, dimension] = query.shape;
    const [, keyValueHeads] = key.shape;
    // Query heads with the same key head are contiguous, so grouping them is a reshape, and no key is copied.
    const grouped: Shape4D = [rows, keyValueHeads, (heads / keyValueHeads) * length, dimension];
    const queries = tf.reshape<tf.Rank.R4>(query, grouped);
    const probabilities = tf.softmax(masked(tf.matMul<tf.Tensor4D>(queries, key, false, true), length, mask));
    const attended = tf.matMul<tf.Tensor4D>(probabilities, value);
    save(queries, key, value, probabilities, attended);
    return {
      value: tf.reshape<tf.Rank.R4>(attended, query.shape),
      gradient: (dy, saved) => {
        const [dQuery, dKey, dValue] = attentionGradient(tf.reshape(dy, grouped), saved);
        return [tf.reshape(dQuery, query.shape), dKey, dValue];
      },
    };
  });
}

type Shape4D = [number, number, number, number];

function masked(scores: tf.Tensor4D, length: number, mask: tf.Tensor | undefined): tf.Tensor4D {
  if (!mask) return scores;
  const [rows, keyValueHeads, queries, positions] = scores.shape;
  const perHead = tf.reshape(scores, [rows, keyValueHeads, queries / length, length, positions]);
  return tf.reshape<tf.Rank.R4>(tf.add(perHead, mask), scores.shape);
}

function attentionGradient(dy: tf.Tensor4D, saved: readonly tf.Tensor[]): readonly [tf.Tensor, tf.Tensor, tf.Tensor] {
  const [query, key, value] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
  const [probabilities, attended] = [savedTensor(saved, 3), savedTensor(saved, 4)];
  const dValue = tf.matMul(probabilities, dy, true, false);
  const dScores = scoreGradient(probabilities, dy, attended, value);
  return [tf.matMul(dScores, key), tf.matMul(dScores, query, true, false), dValue];
}
