import * as tf from "@tensorflow/tfjs-core";

/** The random numbers of a dropout: which values of an input [n, columns] become 0. The same numbers drop the same values. */
export interface DropoutMask {
  /** Share of the values that become 0, from 0 to below 1; the others are divided by 1 - rate. */
  readonly rate: number;
  /** [n, 3], as {@link dropoutRows} makes them: new for each batch. */
  readonly rows: tf.Tensor2D;
  /** [3, columns], as {@link dropoutColumns} makes them: different for each input that is dropped alike. */
  readonly columns: tf.Tensor2D;
}

/** Wide enough that two columns, however near, are far apart modulo 1; small enough that float32 keeps 15 bits of it. */
const RANGE = 256;

/** Random numbers [n, 3] for the rows of an input; `next` returns uniform numbers in [0, 1). */
export function dropoutRows(n: number, next: () => number): Float32Array {
  return Float32Array.from({ length: 3 * n }, (_, index) => (index % 3 === 2 ? next() : (2 * next() - 1) * RANGE));
}

/** Random numbers [3, columns] for the columns of an input; `next` returns uniform numbers in [0, 1). */
export function dropoutColumns(columns: number, next: () => number): Float32Array {
  return Float32Array.from({ length: 3 * columns }, (_, index) => (index < 2 * columns ? 2 * next() - 1 : 1));
}

/**
 * `input` [n, columns] with random values set to 0 and the others divided by 1 - rate. A backend has no generator that a
 * recorded function could be given the state of, so the random number of a value is the product of its row's and its
 * column's numbers modulo 1.
 */
export function dropped(input: tf.Tensor2D, { rate, rows, columns }: DropoutMask): tf.Tensor2D {
  return tf.tidy(() => {
    const products = tf.matMul<tf.Tensor2D>(rows, columns);
    const uniform = tf.sub(products, tf.floor(products));
    const kept = tf.cast(tf.greaterEqual(uniform, rate), "float32");
    return tf.mul(input, tf.mul(kept, 1 / (1 - rate)));
  });
}
