import type { Device } from "./device-list.ts";

/** For people, without memory for the CPU, of which TensorFlow names a constant. */
export function deviceText({ type, bytes }: Device): string {
  return type === "CPU" || bytes === undefined ? type : `${type} ${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
