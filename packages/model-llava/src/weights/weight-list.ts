import type { Component } from "@mlan/core";
import type * as tf from "@tensorflow/tfjs-core";
import { AdaptableLinear } from "../linear/adaptable-linear.ts";
import { denseLinear } from "../linear/dense-linear.ts";
import type { Linear } from "../linear/linear.ts";
import { Weight } from "./weight.ts";

interface LinearOptions {
  /** Whether a vector [outputs] is added. Default false. */
  readonly bias?: boolean;
}

/** Lets the parts of a network declare their weights under the names in a checkpoint. Loads nothing. */
export interface WeightDeclarations {
  /** Declares a weight [size]. */
  vector(component: Component, name: string, size: number): Weight<tf.Rank.R1>;
  /** Declares a weight [rows, columns] that is looked up or added, such as an embedding. */
  matrix(component: Component, name: string, rows: number, columns: number): Weight<tf.Rank.R2>;
  /** Declares `<name>.weight` [outputs, inputs], and `<name>.bias` [outputs] if requested. */
  linear(component: Component, name: string, outputs: number, inputs: number, options?: LinearOptions): Linear;
  /**
   * Declares the kernel `<name>.weight` [outputs, channels, size, size] of a non-overlapping convolution, used as a
   * linear map of patches [n, channels * size * size].
   */
  kernel(component: Component, name: string, outputs: number, channels: number, size: number): Linear;
}

/** The list on which a network's weights are declared. */
export interface WeightList extends WeightDeclarations {
  /** All weights, in the order of declaration. */
  readonly weights: readonly Weight[];
  /** All linear maps of {@link WeightDeclarations.linear}, in the order of declaration. */
  readonly linears: readonly AdaptableLinear[];
}

/**
 * Creates an empty list. `declared` is called with each weight when it is declared, and errors that it throws
 * propagate.
 */
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
