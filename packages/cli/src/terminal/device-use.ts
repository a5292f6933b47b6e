import { counted, type DeviceUse } from "@mlan/core";
import { fixed } from "@mlan/run-view";

export function deviceUseText({ dispatches, peakBytes }: DeviceUse): string {
  return `at most ${counted(dispatches, "dispatch", "dispatches")} and ${fixed(peakBytes / 1e9, 2)} GB of tensors per step`;
}
