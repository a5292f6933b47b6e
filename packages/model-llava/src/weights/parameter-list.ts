import type { Component, Parameter } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/**
 * Declares a model's variables under their checkpoint names, all zero until they are loaded. Declaring comes first,
 * so that a checkpoint can be checked completely before any of it is read.
 */
export interface ParameterList {
  /** In the order of declaration. */
  readonly parameters: readonly Parameter[];
  /** Declares a variable [size]. */
  vector(component: Component, name: string, size: number): tf.Variable<tf.Rank.R1>;
  /** Declares a variable [rows, columns]. */
  matrix(component: Component, name: string, rows: number, columns: number): tf.Variable<tf.Rank.R2>;
  /** Declares a convolution's kernel [out, in, size, size]. */
  kernel(component: Component, name: string, out: number, input: number, size: number): tf.Variable<tf.Rank.R4>;
  dispose(): void;
}

export function parameterList(): ParameterList {
  const parameters: Parameter[] = [];
  const declare = <Rank extends tf.Rank>(
    component: Component,
    name: string,
    zeros: tf.Tensor<Rank>,
  ): tf.Variable<Rank> => {
    // No name of its own: tfjs allows a variable's name once per process, and several models may be open.
    const variable = tf.variable(zeros);
    zeros.dispose();
    parameters.push({ name, component, variable });
    return variable;
  };
  return {
    parameters,
    vector: (component, name, size) => declare(component, name, tf.zeros<tf.Rank.R1>([size])),
    matrix: (component, name, rows, columns) => declare(component, name, tf.zeros<tf.Rank.R2>([rows, columns])),
    kernel: (component, name, out, input, size) =>
      declare(component, name, tf.zeros<tf.Rank.R4>([out, input, size, size])),
    dispose: () => {
      for (const { variable } of parameters.splice(0)) variable.dispose();
    },
  };
}
