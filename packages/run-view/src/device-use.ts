import type { DeviceUse } from "@mlan/core";

/** Returns the maximum of each number over all uses; undefined when no use was measured. */
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
