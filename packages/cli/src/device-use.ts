import type { DeviceUse } from "@mlan/core";
import { count } from "./format-number.ts";

/** The most of each number; undefined when there is none. */
export function mostDeviceUse(uses: readonly (DeviceUse | undefined)[]): DeviceUse | undefined {
  const present = uses.filter((use) => use !== undefined);
  if (present.length === 0) return undefined;
  return {
    dispatches: Math.max(...present.map(({ dispatches }) => dispatches)),
    peakBytes: Math.max(...present.map(({ peakBytes }) => peakBytes)),
  };
}

export function deviceUseText({ dispatches, peakBytes }: DeviceUse): string {
  return `at most ${count(dispatches)} dispatches and ${(peakBytes / 1e9).toFixed(2)} GB of tensors per step`;
}
