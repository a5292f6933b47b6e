import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { valueAndGradients } from "./value-and-gradients.ts";

/**
 * `fn(...inputs)` without keeping what it computes on the way: the gradient runs `fn` once more (gradient
 * checkpointing, arXiv 1604.06174). Memory for one third more time. The gradient reaches `inputs` and `learning`, the
 * tensors (such as weights) that `fn` uses beside its inputs and that have a gradient; those must hold the same values
 * when `fn` is run again, and `fn` must give the same result.
 *
 * Kernel "SegmentBoundary", without inputs and outputs: a backend that records computes what is recorded so far, so
 * that the two runs of `fn` do not end up in one graph, where they would be merged into one again.
 */
export function checkpointed<Inputs extends readonly tf.Tensor[], Result extends tf.Tensor>(
  fn: (...inputs: Inputs) => Result,
  inputs: Inputs,
  learning: readonly tf.Tensor[] = [],
): Result {
  return withGradient<Result>([...inputs, ...learning], (save) => {
    const value = tf.tidy(() => fn(...inputs));
    segmentBoundary();
    save(...inputs);
    return {
      value,
      gradient: (dy, saved) => {
        segmentBoundary();
        // Copies of the inputs; the very tensors that learn, as `fn` knows no others.
        const again = saved as readonly tf.Tensor[] as Inputs;
        const gradients = gradientsOf(() => fn(...again), [...saved, ...learning], dy);
        segmentBoundary();
        return gradients;
      },
    };
  });
}

function gradientsOf(fn: () => tf.Tensor, inputs: readonly tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  return tf.tidy(() => {
    const { gradients } = valueAndGradients(fn, inputs, dy);
    // One without an entry does not matter to the result.
    return inputs.map((input, index) => gradients[index] ?? tf.zerosLike(input));
  });
}

function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}
