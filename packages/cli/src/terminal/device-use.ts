import { counted, type DeviceUse } from "@mlan/core";
import { fixed } from "./format-number.ts";

/** Returns the maximum of each number over all uses. Undefined when no use was measured. */
export function mostDeviceUse(uses: readonly (DeviceUse | undefined)[]): DeviceUse | undefined {
  return uses.reduce(
    (most, use) =>
      most && use
        ? {
            dispatches: Math.max(most.dispatches, use.dispatches),
            peakBytes: Math.max(most.peakBytes, use.peakBytes),
          }
        : (use ?? most),
    undefined,
  );
}

export function deviceUseText({ dispatches, peakBytes }: DeviceUse): string {
  return `at most ${counted(dispatches, "dispatch", "dispatches")} and ${fixed(peakBytes / 1e9, 2)} GB of tensors per step`;
}
