import type { Device } from "./device-list.ts";

/** A device for messages; without the memory of a CPU, for which TensorFlow reports a constant. */
export function deviceText({ type, bytes }: Device): string {
  return type === "CPU" || bytes === undefined ? type : `${type} ${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
