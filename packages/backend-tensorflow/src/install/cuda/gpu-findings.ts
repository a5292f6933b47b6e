import { counted } from "@mlan/core";
import type { Finding } from "../finding.ts";
import type { InstallEnvironment } from "../install-environment.ts";
import type { CudaVersions } from "./build-info.ts";
import { findCudaLibraries } from "./find-cuda-libraries.ts";
import { isOlder, minimumDriver, type NvidiaDriver, nvidiaDriver } from "./nvidia-driver.ts";

/** The TensorFlow whose way to a GPU is asked for. */
export interface GpuQuestion {
  readonly libraryFolder: string;
  readonly tensorFlowVersion: string;
  /** undefined for a build without CUDA. */
  readonly cuda: CudaVersions | undefined;
}

/** What a GPU needs: CUDA libraries, NVIDIA's driver, devices. All are "unused" for a build without CUDA, or for none. */
export function gpuFindings(question: GpuQuestion | undefined, environment: InstallEnvironment): readonly Finding[] {
  const driver = nvidiaDriver(environment);
  if (question?.cuda === undefined) {
    return [
      withoutCuda(question, driver),
      { name: "NVIDIA driver", state: "unused", found: driver.version ?? driver.library ?? "none" },
      { name: "GPU devices", state: "unused", found: driver.devices.join(", ") || "none" },
    ];
  }
  return [
    librariesFinding(question, question.cuda, environment),
    driverFinding(question.cuda, driver),
    devicesFinding(driver),
  ];
}

function withoutCuda(question: GpuQuestion | undefined, { devices }: NvidiaDriver): Finding {
  const name = "CUDA libraries";
  if (question === undefined) return { name, state: "unused", found: "no TensorFlow that would ask for them" };
  const found = `TensorFlow ${question.tensorFlowVersion} in ${question.libraryFolder} is a build without CUDA`;
  if (devices.length === 0) return { name, state: "unused", found };
  return {
    name,
    state: "unused",
    found,
    fix: "pip install 'tensorflow[and-cuda]', then npx mlan backend install tensorflow",
  };
}

function librariesFinding(
  { libraryFolder, tensorFlowVersion }: GpuQuestion,
  cuda: CudaVersions,
  environment: InstallEnvironment,
): Finding {
  const name = "CUDA libraries";
  const wanted = `CUDA ${cuda.cuda ?? "(version unknown)"}, cuDNN ${cuda.cudnn ?? "(version unknown)"}`;
  const { found, missing, looked } = findCudaLibraries(libraryFolder, cuda, environment);
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
    found: `${wanted} lacks ${missing.join(", ")}; looked in ${looked.join(", ")}`,
    fix: `pip install 'tensorflow[and-cuda]${pinned}' where TensorFlow is, or name their folder in LD_LIBRARY_PATH`,
  };
}

function driverFinding({ cuda }: CudaVersions, { version, library, looked }: NvidiaDriver): Finding {
  const name = "NVIDIA driver";
  const needed = cuda === undefined ? undefined : minimumDriver(cuda);
  const wanted = needed === undefined ? "" : ` ${needed} or newer`;
  const fix = `Install NVIDIA's driver${wanted} (Debian, Ubuntu: apt-get install nvidia-driver); in a container, start it with --gpus all`;
  if (version === undefined && library === undefined) {
    const found = `none: neither /proc/driver/nvidia/version nor libcuda.so.1 in ${looked.join(", ")}`;
    return { name, state: "missing", found, fix };
  }
  if (version !== undefined && needed !== undefined && isOlder(version, needed)) {
    return { name, state: "broken", found: `${version} is too old: CUDA ${cuda} needs ${needed} or newer`, fix };
  }
  if (library === undefined) {
    const found = `${version}, but libcuda.so.1 is not in ${looked.join(", ")}`;
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
    found: "no device: there is no /dev/nvidia0 (nor WSL's /dev/dxg)",
    fix: "nvidia-smi should list a GPU; in a container, start it with --gpus all. Without one TensorFlow computes on the CPU",
  };
}
