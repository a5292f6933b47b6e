import { counted } from "@mlan/core";
import type { Finding } from "../finding.ts";
import type { InstallEnvironment } from "../install-environment.ts";
import type { CudaVersions } from "./build-info.ts";
import { findCudaLibraries } from "./find-cuda-libraries.ts";
import { isOlder, minimumDriver, type NvidiaDriver, nvidiaDriver } from "./nvidia-driver.ts";

export interface TensorFlowBuild {
  readonly libraryFolder: string;
  readonly tensorFlowVersion: string;
  /** Undefined for a build without CUDA. */
  readonly cuda: CudaVersions | undefined;
}

/**
 * Returns the requirements of a GPU: CUDA libraries, NVIDIA's driver, devices. All are "unused" without TensorFlow or
 * without CUDA.
 */
export function gpuFindings(build: TensorFlowBuild | undefined, environment: InstallEnvironment): readonly Finding[] {
  const driver = nvidiaDriver(environment);
  if (build?.cuda === undefined) {
    return [
      withoutCuda(build, driver),
      { name: "NVIDIA driver", state: "unused", found: driver.version ?? driver.library ?? "none" },
      { name: "GPU devices", state: "unused", found: driver.devices.join(", ") || "none" },
    ];
  }
  return [librariesFinding(build, build.cuda, environment), driverFinding(build.cuda, driver), devicesFinding(driver)];
}

function withoutCuda(build: TensorFlowBuild | undefined, { devices }: NvidiaDriver): Finding {
  const name = "CUDA libraries";
  if (build === undefined) return { name, state: "unused", found: "no TensorFlow is installed that needs them" };
  const found = `TensorFlow ${build.tensorFlowVersion} in ${build.libraryFolder} is a build without CUDA`;
  if (devices.length === 0) return { name, state: "unused", found };
  return {
    name,
    state: "unused",
    found,
    fix: "pip install 'tensorflow[and-cuda]', then npx mlan backend install tensorflow",
  };
}

function librariesFinding(
  { libraryFolder, tensorFlowVersion }: TensorFlowBuild,
  cuda: CudaVersions,
  environment: InstallEnvironment,
): Finding {
  const name = "CUDA libraries";
  const wanted = `CUDA ${cuda.cuda ?? "(version unknown)"}, cuDNN ${cuda.cudnn ?? "(version unknown)"}`;
  const { found, missing, searched } = findCudaLibraries(libraryFolder, cuda, environment);
  if (missing.length === 0) {
    const folders = [...new Set(found.map(({ file }) => file.replace(/[/\\][^/\\]*$/, "")))];
    return {
      name,
      state: "ok",
      found: `${wanted}: ${counted(found.length, "library", "libraries")} in ${folders.join(", ")}`,
    };
  }
  const pinned = /^\d/.test(tensorFlowVersion) ? `==${tensorFlowVersion}` : "";
  return {
    name,
    state: "missing",
    found: `${wanted} lacks ${missing.join(", ")}; searched ${searched.join(", ")}`,
    fix: `pip install 'tensorflow[and-cuda]${pinned}' in TensorFlow's environment, or add their folder to LD_LIBRARY_PATH`,
  };
}

function driverFinding({ cuda }: CudaVersions, { version, library, searched }: NvidiaDriver): Finding {
  const name = "NVIDIA driver";
  const needed = cuda === undefined ? undefined : minimumDriver(cuda);
  const wanted = needed === undefined ? "" : ` ${needed} or newer`;
  const fix = `Install NVIDIA's driver${wanted} (Debian, Ubuntu: apt-get install nvidia-driver); in a container, start it with --gpus all`;
  if (version === undefined && library === undefined) {
    const found = `none: neither /proc/driver/nvidia/version nor libcuda.so.1 in ${searched.join(", ")}`;
    return { name, state: "missing", found, fix };
  }
  if (version !== undefined && needed !== undefined && isOlder(version, needed)) {
    return { name, state: "broken", found: `${version} is too old: CUDA ${cuda} needs ${needed} or newer`, fix };
  }
  if (library === undefined) {
    const found = `${version}, but libcuda.so.1 is not in ${searched.join(", ")}`;
    return { name, state: "missing", found, fix };
  }
  return { name, state: "ok", found: `${version ?? "version unknown"}, ${library}` };
}

function devicesFinding({ devices }: NvidiaDriver): Finding {
  const name = "GPU devices";
  if (devices.length > 0) return { name, state: "ok", found: devices.join(", ") };
  return {
    name,
    state: "missing",
    found: "none: neither /dev/nvidia0 nor WSL's /dev/dxg exists",
    fix: "nvidia-smi should list a GPU; in a container, start it with --gpus all. Without a GPU, TensorFlow computes on the CPU",
  };
}
