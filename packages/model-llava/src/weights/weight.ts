import { type Component, MlanError, type Parameter } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * A declared weight: its name in a checkpoint, and its values once loaded. The values are a plain tensor while the
 * weight is frozen, and a variable that shares its data while the weight learns.
 */
export class Weight<Rank extends tf.Rank = tf.Rank> implements Parameter {
  readonly name: string;
  readonly component: Component;
  readonly shape: tf.ShapeMap[Rank];
  #values: tf.Tensor<Rank> | undefined;

  constructor(component: Component, name: string, shape: tf.ShapeMap[Rank]) {
    this.name = name;
    this.component = component;
    this.shape = shape;
  }

  /** The current values. Do not dispose of them or keep them beyond the pass that uses them. */
  get tensor(): tf.Tensor<Rank> {
    if (this.#values) return this.#values;
    throw new MlanError("contract", `model-llava: weight "${this.name}" is used before it is loaded. Load it first.`);
  }

  get size(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  get learns(): boolean {
    return this.#values instanceof tf.Variable;
  }

  /** Takes ownership of float32 `values` of this shape; the variable of a learning weight keeps its identity. */
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
    this.#values?.dispose();
    this.#values = tf.keep(values as tf.Tensor<Rank>);
  }

  /** Turns it into a variable that shares the data, so it takes no memory. */
  learn(): tf.Variable<Rank> {
    const frozen = this.tensor;
    // Without a name: tfjs allows each variable name once per process, and several models may be open.
    const variable = tf.variable(frozen);
    frozen.dispose();
    this.#values = variable;
    return variable;
  }

  /** Turns it back into a plain tensor with the learned values. */
  freeze(): void {
    const variable = this.#values;
    if (!(variable instanceof tf.Variable)) return;
    this.#values = tf.keep(variable.clone());
    variable.dispose();
  }

  async read(): Promise<Float32Array> {
    return this.tensor.data<"float32">();
  }

  dispose(): void {
    this.#values?.dispose();
    this.#values = undefined;
  }
}
