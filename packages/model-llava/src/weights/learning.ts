import { type Component, type Learning, MlanError } from "@mlan/core";
import type { Weight } from "./weight.ts";

/**
 * Turns the weights of these components into variables until the learning ends. Throws `contract` while another
 * learning is active.
 */
export function learn(weights: readonly Weight[], components: readonly Component[]): Learning {
  if (weights.some(({ learns }) => learns)) {
    throw new MlanError(
      "contract",
      "model-llava: the model is already learning. End that learning before you start another.",
    );
  }
  const chosen = weights.filter(({ component }) => components.includes(component));
  // All of them before the first one changes.
  for (const weight of chosen) weight.checkCanLearn();
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

/** The components that are currently learning. */
export function learningComponents(weights: readonly Weight[]): readonly Component[] {
  return [...new Set(weights.filter(({ learns }) => learns).map(({ component }) => component))];
}
