import type { Component } from "@mlan/core";
import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import type { Linear } from "../linear/linear.ts";
import type { Weight } from "../weights/weight.ts";
import { isQuantized, type WeightFormat } from "../weights/weight-format.ts";

/** The role of each weight in a training step. */
export interface WeightsInTraining {
  /** Whether a weight gets a gradient. */
  learns(weight: Weight): boolean;
  adapterOf(linear: Linear): AdapterInTraining | undefined;
  /** Returns the bytes of a frozen matrix's float32 copy, which exists during a product; 0 for a float32 matrix. */
  widenedBytes(weight: Weight): number;
}

export interface AdapterInTraining {
  readonly rank: number;
  readonly learns: boolean;
  /** Whether dropout is applied to the adapter's input. */
  readonly drops: boolean;
}

export interface WeightsInTrainingOptions {
  readonly trained: readonly Component[];
  readonly linears: readonly (Linear & { readonly name: string })[];
  readonly modules: readonly ModuleSizes[];
  /** Probability with which each input value of the adapter is dropped. */
  readonly dropout: number;
  readonly weightFormat: WeightFormat;
  /** Returns whether a weight has 16 bits per value in its file. */
  readonly hasHalf: (weight: Weight) => boolean;
}

export function weightsInTraining(options: WeightsInTrainingOptions): WeightsInTraining {
  const { trained, linears, modules, dropout, weightFormat, hasHalf } = options;
  const ranks = new Map(modules.map(({ name, rank }) => [name, rank]));
  const adapters = new Map<Linear, AdapterInTraining>();
  for (const linear of linears) {
    const rank = ranks.get(linear.name);
    if (rank !== undefined) adapters.set(linear, { rank, learns: trained.includes("adapter"), drops: dropout > 0 });
  }
  const learns = ({ component }: Weight): boolean => trained.includes(component);
  return {
    learns,
    adapterOf: (linear) => adapters.get(linear),
    widenedBytes(weight) {
      if (learns(weight) || weightFormat === "float32" || !isQuantized(weight)) return 0;
      return weightFormat === "stored" && !hasHalf(weight) ? 0 : 4 * weight.size;
    },
  };
}
