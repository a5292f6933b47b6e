import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { InstallEnvironment } from "../install-environment.ts";

export interface NvidiaDriver {
  /** Version of the kernel module; undefined if it is unknown (WSL) or there is no module. */
  readonly version: string | undefined;
  /** Path of libcuda.so.1, the driver's user-mode library. */
  readonly library: string | undefined;
  /** Device files. /dev/dxg represents all GPUs of WSL. */
  readonly devices: readonly string[];
  /** The folders that were searched for libcuda.so.1. */
  readonly searched: readonly string[];
}

// "Minimum Required Driver Version" in
// https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html and in the release notes of CUDA
const MINIMUM: Readonly<Record<string, string>> = { "11": "450.80.02", "12": "525.60.13", "13": "580" };

/** Finds NVIDIA's driver without loading it. */
export function nvidiaDriver(environment: InstallEnvironment): NvidiaDriver {
  const { systemRoot, architecture, variables } = environment;
  const at = (path: string): string => join(systemRoot, path);
  const versionFile = at("proc/driver/nvidia/version");
  const version = existsSync(versionFile) ? driverVersion(readFileSync(versionFile, "utf8")) : undefined;
  const triplet = architecture === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const searched = [
    ...(variables["LD_LIBRARY_PATH"] ?? "").split(":").filter((folder) => folder !== ""),
    ...[`usr/lib/${triplet}`, "usr/lib64", "usr/lib", "usr/local/nvidia/lib64", "usr/lib/wsl/lib"].map(at),
  ];
  const library = searched.map((folder) => join(folder, "libcuda.so.1")).find((file) => existsSync(file));
  const devices = namesIn(at("dev"))
    .filter((name) => /^nvidia\d+$|^dxg$/.test(name))
    .map((name) => `/dev/${name}`);
  return { version, library: library ?? cached(environment), devices, searched };
}

/** Returns the version in /proc/driver/nvidia/version, for the closed and the open kernel module. */
function driverVersion(text: string): string | undefined {
  return /Kernel Module\s+(?:for \S+\s+)?(\d+(?:\.\d+)+)/.exec(text)?.[1];
}

/** Returns the oldest driver for a CUDA version; undefined if unknown. */
export function minimumDriver(cuda: string): string | undefined {
  return MINIMUM[cuda.split(".")[0] ?? ""];
}

/** Compares versions number by number. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (const index of Array(Math.max(a.length, b.length)).keys()) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function cached({ linkerCache }: InstallEnvironment): string | undefined {
  return /^\s*libcuda\.so\.1 .*=> (\S+)$/m.exec(linkerCache())?.[1];
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
