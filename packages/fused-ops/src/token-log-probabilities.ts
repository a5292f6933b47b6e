import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";

/**
 * Returns the log-probability (in nats) of one token per row of `logits` [n, vocabulary]: [n]. Each row of `targets`
 * [n, 2] (int32) is (row, token). Numerically stable for logits of any size; the gradient needs no one-hot matrix.
 */
export function tokenLogProbabilities(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  return withGradient<tf.Tensor1D>([logits], (save) => {
    const shifted = tf.sub(logits, tf.max(logits, 1, true));
    const value = tf.sub<tf.Tensor1D>(tf.gatherND(shifted, targets), tf.log(tf.sum(tf.exp(shifted), 1)));
    save(logits, targets, value);
    return { value, gradient: (dy, saved) => [logitGradient(dy, saved)] };
  });
}

/**
 * Returns dy * (oneHot(target) - softmax(logits)). Changes the targets' elements in place, without a dense one-hot
 * matrix.
 */
function logitGradient(dy: tf.Tensor1D, saved: readonly tf.Tensor[]): tf.Tensor {
  const [logits, targets, value] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
  const everywhere = tf.mul(tf.softmax(logits), tf.expandDims(tf.neg(dy), 1));
  const atTargets = tf.mul(dy, tf.sub(1, tf.exp(value)));
  return tf.tensorScatterUpdate(everywhere, targets, atTargets);
}
