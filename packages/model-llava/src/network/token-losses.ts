import { sumOverBlocks, tokenLogProbabilities } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Selection } from "../batch/selection.ts";
import { weightsOf } from "../weights/parts.ts";
import { type Decoder, logits } from "./decoder.ts";

/** Maximum number of logits in memory at a time: 64 MB in float32. */
const LOGITS = 2 ** 24;

/** Returns the number of positions whose logits are computed at a time. */
export function positionsAtOnce(vocabularySize: number): number {
  return Math.max(1, Math.floor(LOGITS / vocabularySize));
}

export interface CrossEntropyOptions {
  /** Maximum number of positions whose logits are computed at a time. */
  readonly rows?: number;
  /** Called with the weighted log-probabilities of each block of positions, in order. The caller disposes of them. */
  readonly onBlock?: (weighted: tf.Tensor1D) => void;
}

/**
 * Returns the mean cross-entropy, in nats, of the selection's targets. `hidden` [n, hidden] are the hidden states
 * before the final norm.
 */
export function meanCrossEntropy(
  decoder: Decoder,
  hidden: tf.Tensor2D,
  { targets, weights }: Selection,
  { rows = positionsAtOnce(decoder.config.vocabularySize), onBlock }: CrossEntropyOptions = {},
): tf.Scalar {
  const [count] = hidden.shape;
  const weighted = (part: tf.Tensor2D, start: number): tf.Scalar => {
    const [size] = part.shape;
    const logProbabilities = tokenLogProbabilities(logits(decoder, part), targetsFrom(targets, start, size));
    const product = tf.mul<tf.Tensor1D>(
      logProbabilities,
      size === count ? weights : tf.slice(weights, [start], [size]),
    );
    // A gradient's tidy would dispose of it.
    onBlock?.(tf.keep(product));
    return tf.sum(product);
  };
  if (count <= rows) return tf.neg(weighted(hidden, 0));
  const learning = weightsOf({ norm: decoder.norm, head: decoder.head }).filter(({ learns }) => learns);
  return tf.neg(sumOverBlocks(weighted, hidden, { rows, captured: learning.map(({ tensor }) => tensor) }));
}

/**
 * Returns the log-probabilities [n], in nats, of `targets` [n, 2]. Logits are computed in blocks as in {@link
 * meanCrossEntropy}.
 */
export function logProbabilitiesOf(
  decoder: Decoder,
  hidden: tf.Tensor2D,
  targets: tf.Tensor2D,
  rows: number = positionsAtOnce(decoder.config.vocabularySize),
): tf.Tensor1D {
  const [count] = hidden.shape;
  if (count <= rows) return tokenLogProbabilities(logits(decoder, hidden), targets);
  const starts = Array.from({ length: Math.ceil(count / rows) }, (_, block) => block * rows);
  return tf.concat(
    starts.map((start) =>
      tf.tidy(() => {
        const size = Math.min(rows, count - start);
        const part: tf.Tensor2D = tf.slice(hidden, [start, 0], [size, -1]);
        return tokenLogProbabilities(logits(decoder, part), targetsFrom(targets, start, size));
      }),
    ),
  );
}

/**
 * Returns `size` targets, beginning with the target at index `start`. Their indices of positions become relative to
 * `start`.
 */
function targetsFrom(targets: tf.Tensor2D, start: number, size: number): tf.Tensor2D {
  if (size === targets.shape[0]) return targets;
  return tf.sub(tf.slice(targets, [start, 0], [size, 2]), tf.tensor2d([[start, 0]], [1, 2], "int32"));
}
