import * as tf from "@tensorflow/tfjs-core";

/** A matrix [rows, columns] of few bits per value: a code for each, the values that the codes mean, and scales. */
export interface PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: PackedBits;
  /** int32: codes of the matrix in row-major order, the first in the lowest bits, as little-endian files have them. */
  readonly codes: tf.Tensor1D;
  /** [2 ** bits], float32. May belong to several matrices. */
  readonly values: tf.Tensor1D;
  /** [rows, groups]: what each of a row's groups of as many columns is multiplied by. */
  readonly scales?: tf.Tensor2D;
}

export type PackedBits = 4 | 8 | 16;

/** The matrix as float32 [rows, columns], exactly: by look-up, and a multiplication where there are scales. */
export function unpackMatrix({ rows, columns, bits, codes, values, scales }: PackedMatrix): tf.Tensor2D {
  return tf.tidy(() => {
    const perWord = 32 / bits;
    const all = tf.stack(
      Array.from({ length: perWord }, (_, place) =>
        // Division that rounds down shifts negative words too.
        tf.mod(tf.floorDiv(codes, tf.scalar(2 ** (bits * place), "int32")), tf.scalar(2 ** bits, "int32")),
      ),
      1,
    );
    const flat = tf.slice(tf.reshape(all, [codes.size * perWord]), [0], [rows * columns]);
    const plain = tf.gather(values, tf.cast(flat, "int32"));
    if (!scales) return tf.reshape<tf.Rank.R2>(plain, [rows, columns]);
    const groups = scales.shape[1];
    const scaled = tf.mul(tf.reshape(plain, [rows, groups, columns / groups]), tf.expandDims(scales, 2));
    return tf.reshape<tf.Rank.R2>(scaled, [rows, columns]);
  });
}

/**
 * `input` [n, columns] times the transpose of a packed matrix, [n, rows]. Differentiable by `input`; the float32 matrix
 * lives only while it is multiplied with, in both passes.
 */
export function matMulPacked(input: tf.Tensor2D, matrix: PackedMatrix): tf.Tensor2D {
  return tf.customGrad((given) => ({
    value: tf.tidy(() => tf.matMul<tf.Tensor2D>(given as tf.Tensor2D, unpackMatrix(matrix), false, true)),
    gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.matMul(dy as tf.Tensor2D, unpackMatrix(matrix))),
  }))(input) as tf.Tensor2D;
}
