import { fusedKernel } from "./fused-kernel.ts";

/**
 * Ends the current graph: operations before and after this call are never scheduled together.
 *
 * Kernel "SegmentBoundary", without inputs and outputs: a backend that records operations computes everything recorded so
 * far. Other backends have nothing to do.
 */
export function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}
