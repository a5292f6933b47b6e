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

/** TensorFlow, loaded into this process. */
export interface LoadedBinding {
  readonly native: NativeBinding;
  readonly installed: InstalledBinding;
  /** Where tensors lie. */
  readonly device: Device;
  /** With which it was loaded. */
  readonly options: TensorFlowOptions;
}

let loaded: LoadedBinding | undefined;

/**
 * Loads TensorFlow once per process. Throws `unavailable`, naming the command that fixes it, when nothing is installed,
 * when it cannot be loaded, or when a GPU is wanted that TensorFlow does not see; `invalid-options` when it was loaded with
 * other options.
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
      "backend-tensorflow: no TensorFlow is installed for it. Run `npx mlan backend install tensorflow`; " +
        "`npx mlan doctor` tells what it needs.",
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
    // TensorFlow opens CUDA's libraries by their bare names, and finds those that are loaded already.
    for (const library of installed.cudaLibraries) koffi.load(library, { global: true, lazy: true });
    return createRequire(import.meta.url)(installed.file);
  } catch (cause) {
    throw new MlanError(
      "unavailable",
      `backend-tensorflow: ${installed.file} cannot be loaded: ${messageOf(cause)}\n` +
        "Run `npx mlan doctor`, which tells what is missing, and `npx mlan backend install tensorflow --force` to build it again.",
      { cause },
    );
  }
}

/** The binding's own choice: the last GPU, else the CPU. */
function usedDevice(devices: readonly Device[], native: NativeBinding): Device {
  const type = native.isUsingGpuDevice() ? "GPU" : "CPU";
  return devices.findLast((device) => device.type === type) ?? { name: type, type, bytes: undefined };
}

function checkDevice({ device, installed }: LoadedBinding, { device: wanted }: TensorFlowOptions): void {
  if (wanted === undefined || (wanted === "cpu") === (device.type === "CPU")) return;
  const found =
    wanted === "cpu"
      ? `it was loaded with ${device.name} before; a process has one device`
      : ["TensorFlow sees no GPU in this process.", ...whyNoGpu(installed)].join("\n");
  throw new MlanError(
    "unavailable",
    `backend-tensorflow: device ${JSON.stringify(wanted)} is wanted, and ${found}\n` +
      'device: "cpu" trains on the CPU; `npx mlan doctor` tells all that is known.',
  );
}

/** What the process can no longer follow must not pass in silence. */
function checkFixed({ device, options }: LoadedBinding, wanted: TensorFlowOptions): void {
  const isGpu = device.type === "GPU";
  const { threads = availableParallelism(), deterministic = true } = options;
  const used = { device: isGpu ? placeOf(options.device) : undefined, threads, deterministic };
  const asked = { ...wanted, device: isGpu && wanted.device !== undefined ? placeOf(wanted.device) : undefined };
  for (const name of ["device", "threads", "deterministic"] as const) {
    if (asked[name] === undefined || asked[name] === used[name]) continue;
    throw new MlanError(
      "invalid-options",
      `backend-tensorflow: ${name} ${JSON.stringify(asked[name])} comes too late: TensorFlow was loaded with ` +
        `${JSON.stringify(used[name])}, which is fixed for this process. Pass it to the first use, or start another process.`,
    );
  }
}

/** Among the GPUs that are shown; the first where nobody chose. */
function placeOf(device: TensorFlowOptions["device"]): number {
  return typeof device === "number" ? device : 0;
}
