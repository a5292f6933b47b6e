import * as tf from "@tensorflow/tfjs-core";

/**
 * Measures a dozen products of [2048, 1024] and [1024, 1024] in float32. Returns the speed of the fastest, in 10^9
 * operations per second.
 */
export async function productThroughput(): Promise<number> {
  const [left, right] = [tf.randomUniform([2048, 1024]), tf.randomUniform([1024, 1024])];
  let fastest = Infinity;
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    // Reads a single value, like PyTorch's side, because a copy of the whole result would be measured too.
    const value = tf.tidy(() => tf.slice(tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D), [0, 0], [1, 1]));
    await value.data();
    fastest = Math.min(fastest, performance.now() - start);
    value.dispose();
  }
  tf.dispose([left, right]);
  return (2 * 2048 * 1024 * 1024) / fastest / 1e6;
}
