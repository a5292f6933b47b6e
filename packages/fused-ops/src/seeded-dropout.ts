import * as tf from "@tensorflow/tfjs-core";

/**
 * The random numbers that decide which values of an input [n, columns] are set to 0. The same numbers always drop the
 * same values.
 */
export interface DropoutMask {
  /**
   * Probability with which a value is set to 0: at least 0 and less than 1. The other values are divided by 1 - rate.
   */
  readonly rate: number;
  /** Random numbers [n, 3] from {@link dropoutRows}, new for each batch. */
  readonly rows: tf.Tensor2D;
  /** Random numbers [3, columns] from {@link dropoutColumns}. They differ between inputs with the same `rows`. */
  readonly columns: tf.Tensor2D;
}

/**
 * Range of the random numbers: large enough that even similar columns are far apart modulo 1, and small enough that
 * float32 keeps 15 bits of the fraction.
 */
const RANGE = 256;

/** Returns random numbers [n, 3] for the rows of an input. `next` returns uniform numbers in [0, 1). */
export function dropoutRows(n: number, next: () => number): Float32Array {
  return Float32Array.from({ length: 3 * n }, (_, index) => (index % 3 === 2 ? next() : (2 * next() - 1) * RANGE));
}

/** Returns random numbers [3, columns] for the columns of an input. `next` returns uniform numbers in [0, 1). */
export function dropoutColumns(columns: number, next: () => number): Float32Array {
  return Float32Array.from({ length: 3 * columns }, (_, index) => (index < 2 * columns ? 2 * next() - 1 : 1));
}

/**
 * Returns `input` [n, columns] with random values set to 0 and the others divided by 1 - rate. The random number of a
 * value is the product of its row's and its column's numbers, modulo 1, because no backend has a random generator whose
 * state can be passed to a recorded function.
 */
export function dropped(input: tf.Tensor2D, { rate, rows, columns }: DropoutMask): tf.Tensor2D {
  return tf.tidy(() => {
    const products = tf.matMul<tf.Tensor2D>(rows, columns);
    const uniform = tf.sub(products, tf.floor(products));
    const kept = tf.cast(tf.greaterEqual(uniform, rate), "float32");
    return tf.mul(input, tf.mul(kept, 1 / (1 - rate)));
  });
}
