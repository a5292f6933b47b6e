import type { Trace } from "../compiled/trace.ts";
import { applyOptimizer, type OptimizerHost } from "./apply-optimizer.ts";
import type { OptimizerCall } from "./optimizer-call.ts";
import { recordOptimizer, type RecordingHost } from "./recorded-optimizer.ts";

/** What of the backend an update needs. */
export interface UpdateHost extends RecordingHost, Omit<OptimizerHost, "recording"> {
  trace: Trace | undefined;
  doOutside(operation: string, work: () => void): void;
}

/**
 * Runs an optimizer's kernel: in place where JavaScript sees the memory, else as a graph on the device. `flush` computes
 * what is read.
 */
export function updateInPlace(
  host: UpdateHost,
  call: OptimizerCall,
  flush: OptimizerHost["recording"]["flush"] = (destinations) => host.recording.flush(destinations),
): void {
  const { data, slots, device } = host;
  if (device.provider === "cpu") {
    host.doOutside(call.optimizer.kernelName, () => applyOptimizer({ data, slots, recording: { flush } }, call));
    return;
  }
  flush();
  // The update's own graph belongs to no trace: its numbers change, and it is made anew by whoever replays.
  const { trace } = host;
  host.trace = undefined;
  try {
    recordOptimizer(host, call);
  } finally {
    host.trace = trace;
  }
}
