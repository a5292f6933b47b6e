import type { DeviceUse } from "@mlan/core";

/** Returns the maximum of dispatches and of peak bytes over `uses`; undefined when nothing was measured. */
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
