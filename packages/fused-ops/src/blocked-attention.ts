import * as tf from "@tensorflow/tfjs-core";
import type { AttentionBlocks, AttentionSizes, Chunk, QueryBlock } from "./attention-blocks.ts";
import { fiveDimensional, joined, sliced } from "./attention-slices.ts";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { sizeOf } from "./ranges.ts";
import { segmentBoundary } from "./segment-boundary.ts";

/**
 * Computes attention with the scores of one block in memory at a time (arXiv 2205.14135), so that memory is linear in
 * the number of positions. The gradient recomputes the scores. See {@link attention} for the shapes.
 */
export function blockedAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  mask: tf.Tensor | undefined,
  sizes: AttentionSizes,
  blocks: AttentionBlocks,
): tf.Tensor4D {
  return withGradient<tf.Tensor4D>([query, key, value], (save) => {
    const inputs: Inputs = { query: grouped(query, sizes), key, value, mask: mask && fiveDimensional(mask) };
    const chunks = blocks.chunks.map((chunk) =>
      tf.tidy(() =>
        tf.concat(
          blocks.blocks.map((block) => tf.tidy(() => attendedBlock(inputs, { ...chunk, ...block }))),
          3,
        ),
      ),
    );
    const attended = tf.reshape<tf.Rank.R4>(joined(chunks, blocks.chunks), query.shape);
    save(query, key, value, attended, ...(mask ? [mask] : []));
    return {
      value: attended,
      gradient: (dy, saved) => {
        const [of, keys, values] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
        const again: Inputs = {
          query: grouped(of, sizes),
          key: keys,
          value: values,
          mask: saved[4] && fiveDimensional(saved[4]),
        };
        const outgoing = { attended: grouped(savedTensor(saved, 3), sizes), dy: grouped(dy, sizes) };
        const [dQuery, dKey, dValue] = gradients(again, outgoing, blocks);
        return [tf.reshape(dQuery, query.shape), dKey, dValue];
      },
    };
  });
}

/**
 * `query` [rows, keyValueHeads, group, length, dimension]; `key` and `value` [rows, keyValueHeads, positions,
 * dimension].
 */
interface Inputs {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  readonly mask: tf.Tensor | undefined;
}

/** The result and its gradient, with the shape of the grouped query. */
interface Outgoing {
  readonly attended: tf.Tensor;
  readonly dy: tf.Tensor;
}

function grouped(heads: tf.Tensor, { rows, keyValueHeads, group, length }: AttentionSizes): tf.Tensor {
  return tf.reshape(heads, [rows, keyValueHeads, group, length, heads.shape.at(-1) ?? 1]);
}

type Block = Chunk & QueryBlock;

/** Returns the block's part of a tensor with the shape of the grouped query. */
function queriesOf(tensor: tf.Tensor, { rows, keyValueHeads, queries }: Block): tf.Tensor {
  return sliced(tensor, { 0: rows, 1: keyValueHeads, 3: queries });
}

/** Returns the block's part of the keys or values. */
function keysOf(tensor: tf.Tensor, { rows, keyValueHeads, keys }: Block): tf.Tensor {
  return sliced(tensor, { 0: rows, 1: keyValueHeads, 2: keys });
}

/** Reshapes [rows, keyValueHeads, group, queries, dimension] to [rows, keyValueHeads, group * queries, dimension]. */
function flat(queries: tf.Tensor): tf.Tensor4D {
  const [rows = 1, keyValueHeads = 1, group = 1, length = 1, dimension = 1] = queries.shape;
  return tf.reshape(queries, [rows, keyValueHeads, group * length, dimension]);
}

/** Returns the softmax of a block's scores [rows, keyValueHeads, group * queries, keys]. */
function probabilitiesOf(
  queries: tf.Tensor,
  key: tf.Tensor,
  mask: tf.Tensor | undefined,
  { rows, keyValueHeads, queries: range, keys }: Block,
): tf.Tensor {
  const scores = tf.matMul(flat(queries), key, false, true);
  if (!mask) return tf.softmax(scores);
  const visible = sliced(mask, { 0: rows, 1: keyValueHeads, 3: range, 4: keys });
  const perHead = tf.reshape(scores, [...queries.shape.slice(0, 4), sizeOf(keys)]);
  return tf.softmax(tf.reshape(tf.add(perHead, visible), scores.shape));
}

/** Returns the attended values of a block's queries [rows, keyValueHeads, group, queries, dimension]. */
function attendedBlock({ query, key, value, mask }: Inputs, block: Block): tf.Tensor {
  const queries = queriesOf(query, block);
  const probabilities = tf.tidy(() => probabilitiesOf(queries, keysOf(key, block), mask, block));
  return tf.reshape(tf.matMul(probabilities, keysOf(value, block)), queries.shape);
}

type QueryKeyValue = readonly [tf.Tensor, tf.Tensor, tf.Tensor];

function gradients(inputs: Inputs, outgoing: Outgoing, { chunks, blocks }: AttentionBlocks): QueryKeyValue {
  const perChunk = chunks.map((chunk) => chunkGradients(inputs, outgoing, chunk, blocks));
  const [dQuery, dKey, dValue] = ([0, 1, 2] as const).map((index) =>
    joined(
      perChunk.map((parts) => parts[index]),
      chunks,
    ),
  );
  tf.dispose(perChunk.flat());
  if (!dQuery || !dKey || !dValue) throw new Error("attention has three inputs");
  return [dQuery, dKey, dValue];
}

/**
 * Returns the gradients of a chunk. Each block is a separate graph. Otherwise a runtime that schedules all blocks
 * together may compute the scores of every block before it uses the first.
 */
function chunkGradients(
  inputs: Inputs,
  outgoing: Outgoing,
  chunk: Chunk,
  blocks: readonly QueryBlock[],
): QueryKeyValue {
  const dQueries: tf.Tensor[] = [];
  let sums: readonly [tf.Tensor, tf.Tensor] | undefined;
  for (const block of blocks) {
    segmentBoundary();
    const before = sums;
    const [dQuery, ...contributions] = tf.tidy(() => {
      const [ofQueries, ofKeys, ofValues] = blockGradients(inputs, outgoing, { ...chunk, ...block });
      return [ofQueries, plus(before?.[0], ofKeys), plus(before?.[1], ofValues)];
    }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    dQueries.push(dQuery);
    sums = contributions;
    if (before) tf.dispose([...before]);
  }
  segmentBoundary();
  if (!sums) throw new Error("attention has at least one block");
  const dQuery = tf.concat(dQueries, 3);
  tf.dispose(dQueries);
  return [dQuery, ...sums];
}

/** Adds a block's contribution to the sum of earlier blocks, which may have had fewer keys. */
function plus(sum: tf.Tensor | undefined, contribution: tf.Tensor): tf.Tensor {
  if (!sum) return contribution;
  const missing = (contribution.shape[2] ?? 0) - (sum.shape[2] ?? 0);
  const padding = sum.shape.map((_, axis): [number, number] => [0, axis === 2 ? missing : 0]);
  return tf.add(contribution, missing === 0 ? sum : tf.pad(sum, padding));
}

function blockGradients({ query, key, value, mask }: Inputs, outgoing: Outgoing, block: Block): QueryKeyValue {
  const queries = queriesOf(query, block);
  const [keys, values] = [keysOf(key, block), keysOf(value, block)];
  const probabilities = tf.tidy(() => probabilitiesOf(queries, keys, mask, block));
  const dy = flat(queriesOf(outgoing.dy, block));
  const attended = flat(queriesOf(outgoing.attended, block));
  const dScores = tf.tidy(() => scoreGradient(probabilities, dy, attended, values));
  const dQueries = tf.reshape(tf.matMul(dScores, keys), queries.shape);
  return [dQueries, tf.matMul(dScores, flat(queries), true, false), tf.matMul(probabilities, dy, true, false)];
}

/**
 * Returns the gradient of the scores. The gradient of softmax needs sum(p * dp) over all positions, which equals sum(dy
 * * y) over the head's dimension.
 */
export function scoreGradient(
  probabilities: tf.Tensor,
  dy: tf.Tensor,
  attended: tf.Tensor,
  value: tf.Tensor,
): tf.Tensor {
  const projected = tf.sum(tf.mul(dy, attended), 3, true);
  return tf.mul(probabilities, tf.sub(tf.matMul(dy, value, false, true), projected));
}
