import { fusedKernel } from "./fused-kernel.ts";

/**
 * Ends the current graph: operations before and after this call are never scheduled together. Calls the kernel
 * "SegmentBoundary", without inputs and outputs, which makes a backend that records operations compute everything
 * recorded so far. Other backends lack this kernel, and the call does nothing.
 */
export function segmentBoundary(): void {
  fusedKernel("SegmentBoundary", {});
}
