import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { valueAndGradients } from "./value-and-gradients.ts";

/**
 * `fn(...inputs)` without keeping what it computes on the way: the gradient runs `fn` once more (gradient
 * checkpointing, arXiv 1604.06174). Memory for one third more time. The gradient reaches `inputs` only, so weights
 * that `fn` uses have to be among them; `fn` must give the same result when it is run again.
 *
 * Kernel "SegmentBoundary", without inputs and outputs: a backend that records computes what is recorded so far, so
 * that the two runs of `fn` do not end up in one graph, where they would be merged into one again.
 */
export function checkpointed<Inputs extends readonly tf.Tensor[], Result extends tf.Tensor>(
  fn: (...inputs: Inputs) => Result,
  ...inputs: Inputs
): Result {
  const ofInputs = (tensors: readonly tf.Tensor[]): Result => fn(...(tensors as Inputs));
  return withGradient<Result>(inputs, (save) => {
    const value = tf.tidy(() => ofInputs(inputs));
    segmentBoundary();
    save(...inputs);
    return {
      value,
      gradient: (dy, saved) => {
        segmentBoundary();
        const gradients = gradientsOf(ofInputs, saved, dy);
        segmentBoundary();
        return gradients;
      },
    };
  });
}

function gradientsOf(
  fn: (inputs: readonly tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor[] {
  return tf.tidy(() => {
    const { gradients } = valueAndGradients(() => fn(inputs), inputs, dy);
    // One without an entry does not matter to the result.
    return inputs.map((input, index) => gradients[index] ?? tf.zerosLike(input));
  });
}

function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}
