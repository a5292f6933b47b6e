import type { Execution } from "../execution.ts";
import { applyOptimizer, type OptimizerHost } from "./apply-optimizer.ts";
import type { OptimizerCall } from "./optimizer-call.ts";
import { recordOptimizer, type RecordingHost } from "./recorded-optimizer.ts";

/** The parts of the backend that an update needs. */
export interface UpdateHost extends RecordingHost, Omit<OptimizerHost, "recording"> {
  readonly execution: Execution;
  enter(execution: Execution): () => void;
}

/**
 * Runs an optimizer's kernel: in place if JavaScript can access the memory, otherwise as a graph on the device. `flush`
 * computes the inputs.
 */
export function updateInPlace(
  host: UpdateHost,
  call: OptimizerCall,
  flush: OptimizerHost["recording"]["flush"] = (destinations) => host.recording.flush(destinations),
): void {
  const { data, slots, device } = host;
  if (device.provider === "cpu") {
    host.execution.runOutsideGraph(call.optimizer.kernelName, () =>
      applyOptimizer({ data, slots, recording: { flush } }, call),
    );
    return;
  }
  flush();
  // The update's graph is not part of a compiled function, because its numbers change and every replay records it
  // again.
  const leave = host.enter(host.execution.uncompiled);
  try {
    recordOptimizer(host, call);
  } finally {
    leave();
  }
}
