import { type Component, type Learning, MlanError } from "@mlan/core";
import type { Weight } from "./weight.ts";

/** Makes the weights of these components variables until the end of it. Throws `contract` while others learn. */
export function learn(weights: readonly Weight[], components: readonly Component[]): Learning {
  if (weights.some(({ learns }) => learns)) {
    throw new MlanError("contract", "model-llava: the model learns already. End that before learning begins again.");
  }
  const chosen = weights.filter(({ component }) => components.includes(component));
  return {
    parameters: chosen.map((weight) => ({
      name: weight.name,
      component: weight.component,
      shape: weight.shape,
      variable: weight.learn(),
      read: () => weight.read(),
    })),
    end: () => {
      for (const weight of chosen) weight.freeze();
    },
  };
}

/** The components of which weights learn now. */
export function learningComponents(weights: readonly Weight[]): readonly Component[] {
  return [...new Set(weights.filter(({ learns }) => learns).map(({ component }) => component))];
}
