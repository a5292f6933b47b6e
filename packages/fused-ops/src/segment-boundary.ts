import type { Tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";

/**
 * Ends the current graph: operations before and after this call are never scheduled together. Calls the kernel
 * "SegmentBoundary", without inputs and outputs, which makes a backend that records operations compute everything
 * recorded so far. Other backends lack this kernel, and the call does nothing.
 */
export function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}

/**
 * Returns `input` unchanged. In the backward pass, the gradients of everything computed from the result are computed before
 * those of everything before it: in one graph, a runtime that computes depth first would pass gradients on to the first
 * layer before it computes those of any weight, and keep what all of them need until then.
 */
export function gradientBoundary<Input extends Tensor>(input: Input): Input {
  return withGradient<Input>([input], () => ({
    value: input.clone(),
    gradient: (dy) => {
      segmentBoundary();
      return [dy.clone()];
    },
  }));
}
