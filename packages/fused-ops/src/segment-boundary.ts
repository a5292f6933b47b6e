import { fusedKernel } from "./fused-kernel.ts";

/**
 * Ends a graph here: what comes before and after is never scheduled together.
 *
 * Kernel "SegmentBoundary", without inputs and outputs: a backend that records operations computes everything recorded so
 * far. Other backends have nothing to do.
 */
export function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}
