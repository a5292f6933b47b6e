import type { Compute } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Throughput } from "../throughput.ts";

/** See {@link Throughput}. */
export async function productThroughput({ compile }: Compute): Promise<Throughput> {
  return { gigaflops: await largeProducts(), gigabytes: [await fewRows(compile, 1), await fewRows(compile, 8)] };
}

/** The fastest of a dozen products of [2048, 1024] and [1024, 1024] in float32, in 10^9 operations per second. */
async function largeProducts(): Promise<number> {
  const [left, right] = [tf.randomUniform([2048, 1024]), tf.randomUniform([1024, 1024])];
  let fastest = Infinity;
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    // Read a single value, as on PyTorch's side: a copy of the whole result would be measured too.
    const value = tf.tidy(() => tf.slice(tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D), [0, 0], [1, 1]));
    await value.data();
    fastest = Math.min(fastest, performance.now() - start);
    value.dispose();
  }
  tf.dispose([left, right]);
  return (2 * 2048 * 1024 * 1024) / fastest / 1e6;
}

/** 10^9 bytes of weights per second, read by products of `rows` rows with 64 constant matrices. */
async function fewRows(compile: Compute["compile"], rows: number): Promise<number> {
  const matrices = Array.from({ length: 64 }, () => tf.randomUniform<tf.Rank.R2>([2048, 768]));
  const given = tf.randomUniform<tf.Rank.R2>([rows, 768]);
  const products = compile(
    (input: tf.Tensor2D) =>
      tf.tidy(() => tf.addN(matrices.map((matrix) => tf.slice(tf.matMul(input, matrix, false, true), [0, 0], [1, 1])))),
    { frozen: matrices },
  );
  let fastest = Infinity;
  for (let round = 0; round < 8; round++) {
    const start = performance.now();
    const value = products(given);
    await value.data();
    fastest = Math.min(fastest, performance.now() - start);
    value.dispose();
  }
  products.dispose();
  tf.dispose([...matrices, given]);
  return (64 * 2048 * 768 * 4) / fastest / 1e6;
}
