import type { Component, Parameter } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

/** A weight by its name in a checkpoint. */
export interface ParameterShape {
  readonly name: string;
  readonly component: Component;
  readonly shape: readonly number[];
}

/** Where a network's parts declare their weights under their checkpoint names. */
export interface WeightDeclarations {
  /** Declares a weight [size]. */
  vector(component: Component, name: string, size: number): tf.Tensor1D;
  /** Declares a weight [rows, columns]. */
  matrix(component: Component, name: string, rows: number, columns: number): tf.Tensor2D;
  /** Declares a convolution's kernel [out, in, size, size]. */
  kernel(component: Component, name: string, out: number, input: number, size: number): tf.Tensor4D;
}

/** A model's variables, all zero until they are loaded. */
export interface ParameterList extends WeightDeclarations {
  /** In the order of declaration. */
  readonly parameters: readonly Parameter[];
  dispose(): void;
}

export function parameterList(): ParameterList {
  const parameters: Parameter[] = [];
  const declare: Declare = <Rank extends tf.Rank>(component: Component, name: string, shape: tf.ShapeMap[Rank]) => {
    const zeros = tf.zeros<Rank>(shape);
    // No name of its own: tfjs allows a variable's name once per process, and several models may be open.
    const variable = tf.variable(zeros);
    zeros.dispose();
    parameters.push({ name, component, variable });
    return variable;
  };
  return {
    ...declarations(declare),
    parameters,
    dispose: () => {
      for (const { variable } of parameters.splice(0)) variable.dispose();
    },
  };
}

/**
 * Calls `visit` for each weight that is declared and makes none, so that a checkpoint can be checked before anything is
 * allocated: what declaring returns has a shape and no values.
 */
export function shapeVisitor(visit: (parameter: ParameterShape) => void): WeightDeclarations {
  return declarations((component, name, shape) => {
    visit({ name, component, shape });
    return new tf.Tensor(shape, "float32", {}, -1);
  });
}

type Declare = <Rank extends tf.Rank>(component: Component, name: string, shape: tf.ShapeMap[Rank]) => tf.Tensor<Rank>;

function declarations(declare: Declare): WeightDeclarations {
  return {
    vector: (component, name, size) => declare<tf.Rank.R1>(component, name, [size]),
    matrix: (component, name, rows, columns) => declare<tf.Rank.R2>(component, name, [rows, columns]),
    kernel: (component, name, out, input, size) => declare<tf.Rank.R4>(component, name, [out, input, size, size]),
  };
}
