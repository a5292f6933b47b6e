import * as tf from "@tensorflow/tfjs-core";
import { segmentBoundary } from "./segment-boundary.ts";

/** A matrix [rows, columns] that does not learn, in fewer bits than float32. */
export interface FrozenMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Bits per value, scales not counted. */
  readonly bits: 4 | 8 | 16;
  /** Its values as float32 [rows, columns], exactly. */
  widen(): tf.Tensor2D;
  /** Its rows at `indices` [n] (int32), as float32 [n, columns], exactly. */
  rowsAt(indices: tf.Tensor1D): tf.Tensor2D;
  /** `input` [n, columns] times its transpose, [n, rows]; a quantised matrix may quantise the input as well. */
  multiply(input: tf.Tensor2D): tf.Tensor2D;
  dispose(): void;
}

/**
 * `input` [n, columns] times the transpose of `matrix`: [n, rows]. Differentiable with respect to `input`; inside a
 * gradient the product is exact. In both passes the float32 matrix exists only during the multiplication.
 */
export function matMulFrozen(input: tf.Tensor2D, matrix: FrozenMatrix): tf.Tensor2D {
  if (tf.engine().state.gradientDepth === 0) return matrix.multiply(input);
  return tf.customGrad((given) => ({
    value: widened(matrix, (values) => tf.matMul<tf.Tensor2D>(given as tf.Tensor2D, values, false, true)),
    gradFunc: (dy: tf.Tensor) => widened(matrix, (values) => tf.matMul(dy as tf.Tensor2D, values)),
  }))(input) as tf.Tensor2D;
}

/**
 * Whether the current backend has kernels for frozen matrices. Without them every product looks up all values again, which
 * takes some fifty times as long as a product in float32 on a CPU.
 */
export function hasFrozenMatrices(): boolean {
  return tf.getKernel("StoredMatrix", tf.getBackend()) !== undefined;
}

/**
 * Calls `use` with the float32 values, in a separate graph: a runtime that schedules a larger graph may widen all its
 * matrices first, which would take the memory that they save.
 */
export function widened(matrix: Pick<FrozenMatrix, "widen">, use: (values: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    segmentBoundary();
    const values = matrix.widen();
    const result = use(values);
    // Before the graph runs, so that the values are no result of it.
    values.dispose();
    segmentBoundary();
    return result;
  });
}

/** What a matrix without kernels for it does by its float32 values. */
export function throughWidened(widen: () => tf.Tensor2D): Pick<FrozenMatrix, "widen" | "rowsAt" | "multiply"> {
  return {
    widen,
    rowsAt: (indices) => widened({ widen }, (values) => tf.gather(values, indices)),
    multiply: (input) => widened({ widen }, (values) => tf.matMul<tf.Tensor2D>(input, values, false, true)),
  };
}
