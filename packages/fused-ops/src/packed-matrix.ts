import * as tf from "@tensorflow/tfjs-core";

/** A matrix [rows, columns] with few bits per value: a code for each element, the value of each code, and scales. */
export interface PackedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly bits: PackedBits;
  /** int32 words with the codes in row-major order, the first code in the lowest bits, as in little-endian files. */
  readonly codes: tf.Tensor1D;
  /** The value of each code, [2 ** bits], float32. Several matrices may share it. */
  readonly values: tf.Tensor1D;
  /** [rows, groups]: the factor of each group of columns; all groups have the same size. */
  readonly scales?: tf.Tensor2D;
}

export type PackedBits = 4 | 8 | 16;

/** The exact matrix as float32 [rows, columns]: values are looked up and multiplied by their scales, if there are any. */
export function unpackMatrix({ rows, columns, bits, codes, values, scales }: PackedMatrix): tf.Tensor2D {
  return tf.tidy(() => {
    const perWord = 32 / bits;
    const all = tf.stack(
      Array.from({ length: perWord }, (_, place) =>
        // A division that rounds down is an arithmetic shift, for negative words too.
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
 * `input` [n, columns] times the transpose of a packed matrix: [n, rows]. Differentiable with respect to `input`. In both
 * passes, the float32 matrix exists only during the multiplication.
 */
export function matMulPacked(input: tf.Tensor2D, matrix: PackedMatrix): tf.Tensor2D {
  return tf.customGrad((given) => ({
    value: tf.tidy(() => tf.matMul<tf.Tensor2D>(given as tf.Tensor2D, unpackMatrix(matrix), false, true)),
    gradFunc: (dy: tf.Tensor) => tf.tidy(() => tf.matMul(dy as tf.Tensor2D, unpackMatrix(matrix))),
  }))(input) as tf.Tensor2D;
}
