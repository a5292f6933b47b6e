import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";
import { segmentBoundary } from "./segment-boundary.ts";
import { valueAndGradients } from "./value-and-gradients.ts";

/**
 * Returns `fn(...inputs)` without keeping its activations: the gradient runs `fn` again (gradient checkpointing, arXiv
 * 1604.06174). This saves memory and takes about a third more time.
 *
 * Gradients flow to `inputs` and to `captured`, which are other tensors that `fn` uses and that need a gradient, such
 * as weights. When `fn` runs again, captured tensors must have the same values, and `fn` must return the same result. A
 * {@link segmentBoundary} separates the two runs, because a runtime could merge them in one graph.
 */
export function checkpointed<Inputs extends readonly tf.Tensor[], Result extends tf.Tensor>(
  fn: (...inputs: Inputs) => Result,
  inputs: Inputs,
  captured: readonly tf.Tensor[] = [],
): Result {
  return withGradient<Result>([...inputs, ...captured], (save) => {
    const value = tf.tidy(() => fn(...inputs));
    segmentBoundary();
    save(...inputs);
    return {
      value,
      gradient: (dy, saved) => {
        segmentBoundary();
        // `saved` are copies of the inputs, but `captured` must be the same tensors, because `fn` refers to them.
        const again = saved as readonly tf.Tensor[] as Inputs;
        const gradients = gradientsOf(() => fn(...again), [...saved, ...captured], dy);
        segmentBoundary();
        return gradients;
      },
    };
  });
}

function gradientsOf(fn: () => tf.Tensor, inputs: readonly tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  return tf.tidy(() => {
    const { gradients } = valueAndGradients(fn, inputs, dy);
    // An input without a gradient does not affect the result.
    return inputs.map((input, index) => gradients[index] ?? tf.zerosLike(input));
  });
}
