import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { cpuDevice } from "./cpu-device.ts";
import { cudaDevice } from "./cuda-device.ts";
import type { Device } from "./device.ts";
import type { Provider } from "./provider.ts";
import { webgpuDevice } from "./webgpu-device.ts";

const OPENERS: Readonly<Record<Provider, (runtime: OrtRuntime) => Device>> = {
  cpu: cpuDevice,
  webgpu: webgpuDevice,
  cuda: cudaDevice,
};

const opened = new Map<Provider, Device>();

/**
 * Returns the device of a provider. Each is opened once per process. Throws {@link BackendError} "library" if it does
 * not start.
 */
export function openDevice(runtime: OrtRuntime, provider: Provider): Device {
  const known = opened.get(provider);
  if (known !== undefined) return known;
  const device = OPENERS[provider](runtime);
  opened.set(provider, device);
  return device;
}
