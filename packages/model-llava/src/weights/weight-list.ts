import type { Component } from "@mlan/core";
import type * as tf from "@tensorflow/tfjs-core";
import { AdaptableLinear } from "../linear/adaptable-linear.ts";
import { denseLinear } from "../linear/dense-linear.ts";
import type { Linear } from "../linear/linear.ts";
import { Weight } from "./weight.ts";

interface LinearOptions {
  /** Whether to add a vector [outputs]. Default false. */
  readonly bias?: boolean;
}

/** Declares the weights of a network by their names in a checkpoint. Loads nothing. */
export interface WeightDeclarations {
  /** Declares a weight [size]. */
  vector(component: Component, name: string, size: number): Weight<tf.Rank.R1>;
  /** Declares a weight [rows, columns] that is looked up or added, such as an embedding. */
  matrix(component: Component, name: string, rows: number, columns: number): Weight<tf.Rank.R2>;
  /** Declares `<name>.weight` [outputs, inputs], and optionally `<name>.bias` [outputs]. */
  linear(component: Component, name: string, outputs: number, inputs: number, options?: LinearOptions): Linear;
  /**
   * Declares `<name>.weight` [outputs, channels, size, size], the kernel of a non-overlapping convolution. It acts as a
   * linear map of patches [n, channels * size * size].
   */
  kernel(component: Component, name: string, outputs: number, channels: number, size: number): Linear;
}

/** The declared weights of a network. */
export interface WeightList extends WeightDeclarations {
  /** All weights in the order of declaration. */
  readonly weights: readonly Weight[];
  /** All linear maps in the order of declaration. */
  readonly linears: readonly AdaptableLinear[];
}

/** Creates an empty list. Calls `declared` with each declared weight; its errors propagate. */
export function weightList(declared: (weight: Weight) => void = () => {}): WeightList {
  const weights: Weight[] = [];
  const linears: AdaptableLinear[] = [];
  const declare = <Rank extends tf.Rank>(
    component: Component,
    name: string,
    shape: tf.ShapeMap[Rank],
    isMultiplied = false,
  ): Weight<Rank> => {
    const weight = new Weight<Rank>(component, name, shape, isMultiplied);
    weights.push(weight);
    declared(weight);
    return weight;
  };
  const vector: WeightList["vector"] = (component, name, size) => declare<tf.Rank.R1>(component, name, [size]);
  const matrix: WeightList["matrix"] = (component, name, rows, columns) =>
    declare<tf.Rank.R2>(component, name, [rows, columns]);
  return {
    weights,
    linears,
    vector,
    matrix,
    linear: (component, name, outputs, inputs, { bias = false } = {}) => {
      const weight = declare<tf.Rank.R2>(component, `${name}.weight`, [outputs, inputs], true);
      const base = denseLinear(weight, bias ? vector(component, `${name}.bias`, outputs) : undefined);
      const linear = new AdaptableLinear(component, name, base);
      linears.push(linear);
      return linear;
    },
    kernel: (component, name, outputs, channels, size) =>
      denseLinear(declare<tf.Rank.R4>(component, `${name}.weight`, [outputs, channels, size, size])),
  };
}
