import { type Component, MlanError, type Parameter } from "@mlan/core";
import { constantProduct, embedding, type FrozenMatrix, matMulFrozen } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A declared weight: its name in a checkpoint and, once loaded, its values. A frozen weight is a plain tensor, or a
 * matrix with fewer bits. A trained weight is a variable.
 */
export class Weight<Rank extends tf.Rank = tf.Rank> implements Parameter {
  readonly name: string;
  readonly component: Component;
  readonly shape: tf.ShapeMap[Rank];
  /** Whether only {@link multiply} uses the weight. Only such a weight may be quantized. */
  readonly isMultiplied: boolean;
  #values: tf.Tensor<Rank> | undefined;
  #matrix: FrozenMatrix | undefined;

  constructor(component: Component, name: string, shape: tf.ShapeMap[Rank], isMultiplied = false) {
    this.name = name;
    this.component = component;
    this.shape = shape;
    this.isMultiplied = isMultiplied;
  }

  /** The current values. The caller must neither dispose of them nor keep them beyond one pass. */
  get tensor(): tf.Tensor<Rank> {
    if (this.#values) return this.#values;
    if (this.#matrix)
      throw new MlanError("contract", `model-llava: weight "${this.name}" is kept in ${this.#matrix.bits} bits.`);
    throw new MlanError("contract", `model-llava: weight "${this.name}" is used before it is loaded. Load it first.`);
  }

  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  /** Bits per value in memory. */
  get bits(): FrozenMatrix["bits"] | 32 {
    return this.#matrix?.bits ?? 32;
  }

  get learns(): boolean {
    return this.#values instanceof tf.Variable;
  }

  /**
   * Multiplies `input` [n, inputs] by the transpose of the weight, which counts as a matrix [outputs, product of all
   * other dimensions]. Returns [n, outputs].
   */
  multiply(input: tf.Tensor2D): tf.Tensor2D {
    if (this.#matrix) return matMulFrozen(input, this.#matrix);
    const matrix = (): tf.Tensor2D => {
      const [outputs = 1] = this.shape;
      if (this.shape.length === 2) return this.tensor as tf.Tensor2D;
      return tf.reshape(this.tensor, [outputs, this.size / outputs]);
    };
    return this.learns ? tf.matMul(input, matrix(), false, true) : constantProduct(input, matrix);
  }

  /** Returns the rows of a matrix at `indices` [n] (int32): [n, columns]. */
  rowsAt(indices: tf.Tensor1D): tf.Tensor2D {
    return this.#matrix ? this.#matrix.rowsAt(indices) : embedding(this.tensor as tf.Tensor2D, indices);
  }

  /** Releases the memory pages of values that are mapped from a file. The next use reads them again. */
  releasePages(): void {
    this.#matrix?.releasePages();
  }

  /** Replaces the values with a matrix that has fewer bits, and takes ownership of it. */
  keep(matrix: FrozenMatrix): void {
    this.dispose();
    this.#matrix = matrix;
  }

  /**
   * Replaces the values with float32 `values` of this shape, and takes ownership of them. The variable of a trained
   * weight stays the same object.
   */
  set(values: tf.Tensor): void {
    if (values.shape.join() !== this.shape.join() || values.dtype !== "float32") {
      throw new MlanError(
        "contract",
        `model-llava: weight "${this.name}" is float32 [${this.shape.join(", ")}] and was given ${values.dtype} [${values.shape.join(", ")}].`,
      );
    }
    if (this.#values instanceof tf.Variable) {
      this.#values.assign(values as tf.Tensor<Rank>);
      values.dispose();
      return;
    }
    this.dispose();
    this.#values = tf.keep(values as tf.Tensor<Rank>);
  }

  /** Throws `invalid-options` for a quantized matrix. */
  checkCanLearn(): void {
    if (this.bits >= 16) return;
    throw new MlanError(
      "invalid-options",
      `model-llava: weight "${this.name}" was opened in ${this.bits} bits and cannot be trained. ` +
        'Open the model with weightFormat "stored" or "float32" to train it.',
    );
  }

  /**
   * Makes the weight a variable that shares its data. Values with 16 bits become float32. Throws `invalid-options` for
   * a quantized matrix.
   */
  learn(): tf.Variable<Rank> {
    this.checkCanLearn();
    if (this.#matrix) this.set(this.#matrix.widen());
    const frozen = this.tensor;
    // Without a name: tfjs allows each variable name once per process, and several models may be open.
    const variable = tf.variable(frozen);
    frozen.dispose();
    this.#values = variable;
    return variable;
  }

  /** Makes the weight a plain tensor with the trained values. */
  freeze(): void {
    const variable = this.#values;
    if (!(variable instanceof tf.Variable)) return;
    this.#values = tf.keep(variable.clone());
    variable.dispose();
  }

  /** Returns the values as float32; for a quantized matrix, the values of its codes. */
  async read(): Promise<Float32Array> {
    if (!this.#matrix) return this.tensor.data<"float32">();
    const values = this.#matrix.widen();
    try {
      return await values.data<"float32">();
    } finally {
      values.dispose();
    }
  }

  dispose(): void {
    this.#values?.dispose();
    this.#matrix?.dispose();
    this.#values = undefined;
    this.#matrix = undefined;
  }
}
