import { type Component, type LearningParameter, MlanError, type Parameter } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/** A parameter of the fake model: a constant that becomes a variable while it is trained. */
export interface FakeWeight extends Parameter {
  readonly tensor: tf.Tensor;
  learn(): LearningParameter;
  freeze(): void;
  assign(values: tf.Tensor): void;
  /** Reads the values. Throws `invalid-checkpoint` if a value is not finite. */
  finite(): Promise<Float32Array>;
  dispose(): void;
}

export function fakeWeight(name: string, component: Component, values: tf.Tensor): FakeWeight {
  let constant: tf.Tensor | undefined = tf.keep(values);
  let variable: tf.Variable | undefined;
  const { shape } = values;
  const current = (): tf.Tensor => {
    const tensor = variable ?? constant;
    if (tensor) return tensor;
    throw new MlanError("contract", `fake-model: "${name}" was used after the model was disposed.`);
  };
  const read = async (): Promise<Float32Array> => Float32Array.from(await current().data());
  return {
    name,
    component,
    shape,
    read,
    get tensor() {
      return current();
    },
    learn() {
      const learning = tf.variable(current());
      constant?.dispose();
      [variable, constant] = [learning, undefined];
      return { name, component, shape, read, variable: learning };
    },
    freeze() {
      if (!variable) return;
      constant = tf.keep(tf.clone(variable));
      variable.dispose();
      variable = undefined;
    },
    assign(next) {
      if (variable) {
        variable.assign(next);
        return;
      }
      constant?.dispose();
      constant = tf.keep(tf.clone(next));
    },
    async finite() {
      const numbers = await read();
      if (numbers.every(Number.isFinite)) return numbers;
      throw new MlanError("invalid-checkpoint", `fake-model: tensor "${name}" holds values that are not finite.`);
    },
    dispose() {
      tf.dispose([constant, variable].filter((tensor) => tensor !== undefined));
      [variable, constant] = [undefined, undefined];
    },
  };
}
