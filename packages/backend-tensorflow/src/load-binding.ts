import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { messageOf, MlanError } from "@mlan/core";
import koffi from "koffi";
import { deviceList, type Device } from "./device/device-list.ts";
import { setEnvironment } from "./device/environment.ts";
import { withMutedStandardError } from "./device/mute-standard-error.ts";
import type { NativeBinding } from "./device/native-binding.ts";
import { type InstalledBinding, installedBinding } from "./install/installed-binding.ts";
import { whyNoGpu } from "./install/cuda/why-no-gpu.ts";
import type { TensorFlowOptions } from "./options.ts";

/** TensorFlow in this process. */
export interface LoadedBinding {
  readonly native: NativeBinding;
  readonly installed: InstalledBinding;
  readonly device: Device;
  readonly options: TensorFlowOptions;
}

let loaded: LoadedBinding | undefined;

/**
 * Loads TensorFlow once per process. Throws `unavailable`, with a command that fixes it, if it is not installed, cannot
 * be loaded, or sees no GPU and a GPU is requested. Throws `invalid-options` if it was loaded with different options.
 */
export function loadBinding(options: TensorFlowOptions): LoadedBinding {
  loaded ??= load(options);
  checkDevice(loaded, options);
  checkFixed(loaded, options);
  return loaded;
}

function load(options: TensorFlowOptions): LoadedBinding {
  const installed = installedBinding();
  if (!installed) {
    throw new MlanError(
      "unavailable",
      "backend-tensorflow: no TensorFlow binding is installed. Run `npx mlan backend install tensorflow`; " +
        "`npx mlan doctor` shows what it needs.",
    );
  }
  setEnvironment(options);
  return withMutedStandardError(() => {
    const native = requireBinding(installed);
    return { native, installed, device: usedDevice(deviceList(installed.file), native), options };
  });
}

function requireBinding(installed: InstalledBinding): NativeBinding {
  try {
    // TensorFlow opens the CUDA libraries by name, which finds libraries that are already loaded.
    for (const library of installed.cudaLibraries) koffi.load(library, { global: true, lazy: true });
    return createRequire(import.meta.url)(installed.file);
  } catch (cause) {
    throw new MlanError(
      "unavailable",
      `backend-tensorflow: ${installed.file} cannot be loaded: ${messageOf(cause)}\n` +
        "Run `npx mlan doctor`, which shows what is missing, and `npx mlan backend install tensorflow --force` to build it again.",
      { cause },
    );
  }
}

/** Returns the device that the binding chooses: the last GPU, or else the CPU. */
function usedDevice(devices: readonly Device[], native: NativeBinding): Device {
  const type = native.isUsingGpuDevice() ? "GPU" : "CPU";
  return devices.findLast((device) => device.type === type) ?? { name: type, type, bytes: undefined };
}

function checkDevice({ device, installed }: LoadedBinding, { device: wanted }: TensorFlowOptions): void {
  if (wanted === undefined || (wanted === "cpu") === (device.type === "CPU")) return;
  const found =
    wanted === "cpu"
      ? `TensorFlow is already loaded with ${device.name}; a process has one device. Start a new process.`
      : ["TensorFlow sees no GPU in this process.", ...whyNoGpu(installed)].join("\n");
  throw new MlanError(
    "unavailable",
    `backend-tensorflow: device ${JSON.stringify(wanted)} is not available: ${found}\n` +
      'device: "cpu" trains on the CPU; `npx mlan doctor` shows all details.',
  );
}

/** Throws `invalid-options` if `wanted` differs in an option that was fixed when TensorFlow was loaded. */
function checkFixed({ device, options }: LoadedBinding, wanted: TensorFlowOptions): void {
  const isGpu = device.type === "GPU";
  const { threads = availableParallelism(), deterministic = true } = options;
  const used = { device: isGpu ? indexOf(options.device) : undefined, threads, deterministic };
  const asked = { ...wanted, device: isGpu && wanted.device !== undefined ? indexOf(wanted.device) : undefined };
  for (const name of ["device", "threads", "deterministic"] as const) {
    if (asked[name] === undefined || asked[name] === used[name]) continue;
    throw new MlanError(
      "invalid-options",
      `backend-tensorflow: ${name} ${JSON.stringify(asked[name])} comes too late: TensorFlow was loaded with ` +
        `${JSON.stringify(used[name])}, which is fixed for this process. Pass it to the first use, or start a new process.`,
    );
  }
}

/** Returns the device's index among the visible GPUs; 0 by default. */
function indexOf(device: TensorFlowOptions["device"]): number {
  return typeof device === "number" ? device : 0;
}
