import type { Tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/**
 * Returns `fn()` as a constant: nothing is saved for a gradient, and no gradient flows through it. Without this, while
 * gradients are recorded, TensorFlow.js keeps the inputs of every operation, even if no gradient needs them.
 */
export function detached<Result extends Tensor>(fn: () => Result): Result {
  return withGradient<Result>([], () => ({ value: fn(), gradient: () => [] }));
}
