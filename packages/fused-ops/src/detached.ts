import type { Tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/**
 * `fn()` as a constant: nothing of it is kept for a gradient, and none flows through it. While gradients are recorded,
 * TensorFlow.js keeps the inputs of every operation, also of those that no gradient needs.
 */
export function detached<Result extends Tensor>(fn: () => Result): Result {
  return withGradient<Result>([], () => ({ value: fn(), gradient: () => [] }));
}
