import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";

/**
 * Returns the rows [m, d] of `table` [n, d] at `indices` [m] (int32). The gradient of a repeated row is the sum over
 * its occurrences.
 */
export function embedding(table: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([table], (save) => {
    save(tf.expandDims(indices, 1));
    return {
      value: tf.gather(table, indices),
      gradient: (dy, saved) => [tf.scatterND(savedTensor(saved, 0), dy, table.shape)],
    };
  });
}
