import type { Tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/**
 * Returns `fn()` as a constant: saves nothing for a gradient, and no gradient flows through it. While gradients are
 * recorded, TensorFlow.js otherwise keeps the inputs of every operation.
 */
export function detached<Result extends Tensor>(fn: () => Result): Result {
  return withGradient<Result>([], () => ({ value: fn(), gradient: () => [] }));
}
