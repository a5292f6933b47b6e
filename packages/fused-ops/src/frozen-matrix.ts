import * as tf from "@tensorflow/tfjs-core";
import { segmentBoundary } from "./segment-boundary.ts";

/** A constant matrix [rows, columns] with fewer bits per value than float32. */
export interface FrozenMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Bits per value, not counting the scales. */
  readonly bits: 4 | 8 | 16;
  /** Returns the values as float32 [rows, columns], without rounding. */
  widen(): tf.Tensor2D;
  /** Returns the rows at `indices` [n] (int32) as float32 [n, columns], without rounding. */
  rowsAt(indices: tf.Tensor1D): tf.Tensor2D;
  /**
   * Returns `input` [n, columns] times the transpose of this matrix: [n, rows]. A quantized matrix may quantize the
   * input too.
   */
  multiply(input: tf.Tensor2D): tf.Tensor2D;
  /**
   * Releases the memory pages of values that are mapped from a file. The next use reads them again, from the system's
   * cache if they are still there. Does nothing for values that are not mapped.
   */
  releasePages(): void;
  dispose(): void;
}

/**
 * Returns `input` [n, columns] times the transpose of `matrix`: [n, rows]. Differentiable with respect to `input`.
 * While gradients are recorded, the input is not quantized, and the float32 matrix exists only during each
 * multiplication.
 */
export function matMulFrozen(input: tf.Tensor2D, matrix: FrozenMatrix): tf.Tensor2D {
  if (tf.engine().state.gradientDepth === 0) return matrix.multiply(input);
  return tf.customGrad((given) => ({
    value: widened(matrix, (values) => tf.matMul<tf.Tensor2D>(given as tf.Tensor2D, values, false, true)),
    gradFunc: (dy: tf.Tensor) => widened(matrix, (values) => tf.matMul(dy as tf.Tensor2D, values)),
  }))(input) as tf.Tensor2D;
}

/**
 * Returns whether the current backend has kernels for frozen matrices. Without these kernels a product takes about
 * fifty times as long as a float32 product on a CPU.
 */
export function hasFrozenMatrices(): boolean {
  return tf.getKernel("StoredMatrix", tf.getBackend()) !== undefined;
}

/**
 * Calls `use` with the float32 values, in a separate graph. In a larger graph, a runtime may convert all matrices
 * first, which would use the memory that they save.
 */
function widened(matrix: Pick<FrozenMatrix, "widen">, use: (values: tf.Tensor2D) => tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    segmentBoundary();
    const values = matrix.widen();
    const result = use(values);
    // Disposed of before the graph runs, so that the values are not among its results.
    values.dispose();
    segmentBoundary();
    return result;
  });
}

/**
 * Returns the operations of a matrix for a backend without kernels for frozen matrices. The operations compute with the
 * values as float32.
 */
export function throughWidened(widen: () => tf.Tensor2D): Pick<FrozenMatrix, "widen" | "rowsAt" | "multiply"> {
  return {
    widen,
    rowsAt: (indices) => widened({ widen }, (values) => tf.gather(values, indices)),
    multiply: (input) => widened({ widen }, (values) => tf.matMul<tf.Tensor2D>(input, values, false, true)),
  };
}
