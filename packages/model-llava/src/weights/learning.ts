import { type Component, type Learning, MlanError } from "@mlan/core";
import type { Weight } from "./weight.ts";

/**
 * Makes the weights of the given components trainable, as variables, until `end()` of the returned {@link Learning} is
 * called. Throws `contract` if an earlier {@link Learning} has not ended, and `invalid-options` for quantized weights.
 */
export function learn(weights: readonly Weight[], components: readonly Component[]): Learning {
  if (weights.some(({ learns }) => learns)) {
    throw new MlanError(
      "contract",
      "model-llava: components of the model are already being trained. Call end() of that learn() first.",
    );
  }
  const chosen = weights.filter(({ component }) => components.includes(component));
  // All are checked before the first one changes.
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

/** Returns the components that are being trained. */
export function trainedComponents(weights: readonly Weight[]): readonly Component[] {
  return [...new Set(weights.filter(({ learns }) => learns).map(({ component }) => component))];
}
