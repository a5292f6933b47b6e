import * as tf from "@tensorflow/tfjs-core";
import { describe } from "vitest";
import { exactly, float, integers, same } from "./both-backends.ts";

const [batch, length, heads, headSize, hidden, vocabulary] = [2, 6, 2, 4, 12, 11];
const width = heads * headSize;

function rmsNorm(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), weight);
}

function layerNorm(x: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5))), weight);
}

function rotate(x: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor): tf.Tensor {
  const [left, right] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.add(tf.mul(x, cosine), tf.mul(tf.concat([tf.neg(right), left], -1), sine));
}

function splitHeads(x: tf.Tensor): tf.Tensor {
  return tf.transpose(tf.reshape(x, [batch, length, heads, headSize]), [0, 2, 1, 3]);
}

function joinHeads(x: tf.Tensor): tf.Tensor {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * length, width]);
}

/**
 * A Llama block with embedding, rotary positions, causal attention, SwiGLU, and the cross-entropy of the next token.
 */
function llamaLoss(ids: tf.Tensor, targets: tf.Tensor, embedding: tf.Tensor, ...weights: tf.Tensor[]): tf.Tensor {
  const [norm, query, key, value, output, gate, up, down] = weights as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const angles = tf.outerProduct(tf.range(0, length), tf.tensor1d([1, 0.1, 1, 0.1]));
  const mask = tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)), -1e9);
  let x = tf.reshape(tf.gather(embedding, tf.reshape(ids, [-1])), [batch * length, width]);
  const normed = rmsNorm(x, norm);
  const [q, k] = [query, key].map((w) => rotate(splitHeads(tf.matMul(normed, w)), tf.cos(angles), tf.sin(angles))) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(headSize)), mask);
  x = tf.add(x, tf.matMul(joinHeads(tf.matMul(tf.softmax(scores), splitHeads(tf.matMul(normed, value)))), output));
  const again = rmsNorm(x, norm);
  const gated = tf.matMul(again, gate);
  x = tf.add(x, tf.matMul(tf.mul(tf.mul(gated, tf.sigmoid(gated)), tf.matMul(again, up)), down));
  const logProbabilities = tf.logSoftmax(tf.matMul(x, embedding, false, true));
  const chosen = tf.oneHot(tf.reshape(targets, [-1]), vocabulary, 1, 0, "float32");
  return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, chosen), -1)));
}

/** Patches through a convolution, layer norm, GELU, and CLIP's contrastive loss against given texts. */
function clipLoss(
  images: tf.Tensor,
  filter: tf.Tensor,
  norm: tf.Tensor,
  projection: tf.Tensor,
  texts: tf.Tensor,
): tf.Tensor {
  const patches = tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, 4, "valid");
  const x = layerNorm(tf.reshape(patches, [batch, -1, width]), norm);
  const gelu = tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2))));
  const pooled = tf.matMul(tf.mean(gelu, 1), projection);
  const unit = (features: tf.Tensor): tf.Tensor => tf.div(features, tf.norm(features, "euclidean", -1, true));
  const logits = tf.mul(tf.matMul(unit(pooled), unit(texts), false, true), 10);
  const onDiagonal = (scores: tf.Tensor): tf.Tensor =>
    tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores), tf.eye(batch)), -1));
  return tf.neg(tf.div(tf.add(onDiagonal(logits), onDiagonal(tf.transpose(logits))), 2));
}

const matrix = (rows: number, columns: number) => float([rows, columns], -0.5, 0.5);

/** Tests whole blocks of the models against the backend "cpu", forward and backward. */
export function describeTransformerBlocks(): void {
  describe("whole blocks, forward and backward", () => {
    same(
      "a Llama block and its loss",
      [
        integers([batch, length], 0, vocabulary - 1),
        integers([batch, length], 0, vocabulary - 1),
        matrix(vocabulary, width),
        float([width], 0.5, 1.5),
        matrix(width, width),
        matrix(width, width),
        matrix(width, width),
        matrix(width, width),
        matrix(width, hidden),
        matrix(width, hidden),
        matrix(hidden, width),
      ],
      (ids, targets, embedding, ...weights) => llamaLoss(ids!, targets!, embedding!, ...weights),
      { gradients: true },
    );
    same(
      "a CLIP tower and the contrastive loss",
      [
        float([batch, 8, 8, 3]),
        float([4, 4, 3, width], -0.3, 0.3),
        float([width], 0.5, 1.5),
        matrix(width, 5),
        float([batch, 5]),
      ],
      (images, filter, norm, projection, texts) => clipLoss(images!, filter!, norm!, projection!, texts!),
      { gradients: true },
    );
    same(
      "a step of greedy decoding with a cache",
      [float([1, heads, 5, headSize]), float([1, heads, 1, headSize]), matrix(width, vocabulary)],
      (cache, next, head) => {
        const keys = tf.concat([cache!, next!], 2);
        const mixed = tf.matMul(tf.softmax(tf.matMul(next!, keys, false, true)), keys);
        return tf.argMax(tf.matMul(tf.reshape(mixed, [1, width]), head!), -1);
      },
    );
    same("sampling from the best", [exactly([0.1, 3, 2, 5, -1])], (logits) => {
      const { values, indices } = tf.topk(logits!, 3);
      return [tf.softmax(values), indices];
    });
  });
}
