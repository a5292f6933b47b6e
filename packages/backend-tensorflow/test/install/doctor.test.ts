import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { diagnoseTensorFlow, type Finding } from "@mlan/backend-tensorflow";
import { describe, expect, test } from "vitest";
import { bindingFolder } from "./binding-folder.ts";
import { type Machine, machine, unpackedWheel } from "./machine.ts";

async function findings({ environment }: Pick<Machine, "environment">): Promise<Readonly<Record<string, Finding>>> {
  return Object.fromEntries((await diagnoseTensorFlow(environment)).map((finding) => [finding.name, finding]));
}

describe("the doctor", () => {
  test("names what an empty machine lacks, in order of need, each with its command", async () => {
    await using here = await machine({ bindingPackage: undefined });
    await here.file("root/usr/bin/apt-get");
    const found = await diagnoseTensorFlow(here.environment);
    expect(found.map(({ name, state }) => `${name}: ${state}`)).toEqual([
      "Node: ok",
      "tfjs-node-gpu: missing",
      "C++ compiler: missing",
      "TensorFlow: missing",
      "binding: missing",
      "computes: missing",
      "CUDA libraries: unused",
      "NVIDIA driver: unused",
      "GPU devices: unused",
    ]);
    expect(found.flatMap(({ fix }) => fix ?? [])).toEqual([
      "npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0",
      "apt-get install g++",
      expect.stringContaining(".venv/bin/pip install tensorflow"),
      "npx mlan backend install tensorflow",
      "npx mlan backend install tensorflow",
    ]);
    for (const { name, found: text } of found) expect(text, name).not.toMatch(/Install (it|one):/);
  });

  test("says what to do on Windows", async () => {
    await using here = await machine({ platform: "win32" });
    expect((await findings(here))["TensorFlow"]).toEqual({
      name: "TensorFlow",
      state: "missing",
      found: "The TensorFlow backend supports Linux and macOS (x64, arm64), not win32 x64.",
      fix: "Use trainer-cpu on this platform, or Linux (on Windows: WSL2) for TensorFlow.",
    });
  });

  test("reports the message of a binding that cannot be loaded", async () => {
    await using here = await machine();
    await bindingFolder(here, "a");
    const { binding, computes } = await findings(here);
    expect(binding).toMatchObject({ state: "ok" });
    expect(computes).toMatchObject({ state: "broken", fix: "npx mlan backend install tensorflow --force" });
    expect(computes?.found).toMatch(/tfjs_binding\.node/);
  });

  test("survives a binding that crashes, and reports how it ended", async (context) => {
    await using here = await machine();
    const file = await bindingFolder(here, "a");
    const source = await here.file(
      "crash.cc",
      '#include <cstdio>\n#include <cstdlib>\n__attribute__((constructor)) void crash() { fputs("out of luck\\n", stderr); abort(); }\n',
    );
    try {
      execFileSync("c++", ["-shared", "-fPIC", source, "-o", file]);
    } catch {
      return context.skip("there is no C++ compiler");
    }
    const { computes } = await findings(here);
    expect(computes?.state).toBe("broken");
    expect(computes?.found).toBe("the process that loaded it ended with signal SIGABRT:\n  out of luck");
  });

  test("a variable that names no binding is a finding, not an error", async () => {
    await using here = await machine({
      variables: { MLAN_TENSORFLOW_BINDING: "/nowhere/a.node", MLAN_PYTHON: "/no/python" },
    });
    const { binding, TensorFlow } = await findings(here);
    expect(binding).toMatchObject({ state: "missing" });
    expect(binding?.found).toContain("MLAN_TENSORFLOW_BINDING names /nowhere/a.node, which does not exist");
    expect(TensorFlow?.found).toContain("MLAN_PYTHON /no/python has no TensorFlow: there is no /no/python");
  });
});

const LIBRARIES_12 = [
  "cuda_runtime/lib/libcudart.so.12",
  "nvjitlink/lib/libnvJitLink.so.12",
  "cublas/lib/libcublasLt.so.12",
  "cublas/lib/libcublas.so.12",
  "cufft/lib/libcufft.so.11",
  "cusparse/lib/libcusparse.so.12",
  "cusolver/lib/libcusolver.so.11",
  "cudnn/lib/libcudnn.so.9",
];
const CLOSED_MODULE = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n";
const OPEN_MODULE =
  "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder)\nGCC version: 12\n";

/** A machine with a GPU, a driver and CUDA 12 beside TensorFlow, without the files whose names end in `less`. */
async function gpuMachine(cuda: string, driver: string, ...less: readonly string[]): Promise<Machine> {
  const here = await machine();
  await bindingFolder(here, "a", { cuda: { cuda, cudnn: "9" } });
  const files = {
    ...Object.fromEntries(LIBRARIES_12.map((path) => [`site/nvidia/${path}`, ""])),
    "root/proc/driver/nvidia/version": driver,
    "root/usr/lib/x86_64-linux-gnu/libcuda.so.1": "",
    "root/dev/nvidia0": "",
    "root/dev/nvidia1": "",
    "root/dev/nvidiactl": "",
  };
  for (const [path, content] of Object.entries(files)) {
    if (!less.some((end) => path.endsWith(end))) await here.file(path, content);
  }
  return here;
}

describe("for a GPU the doctor", () => {
  test.each([CLOSED_MODULE, OPEN_MODULE])("finds everything that exists: %s", async (driver) => {
    await using here = await gpuMachine("12.5.1", driver);
    const found = await findings(here);
    expect(found["CUDA libraries"]).toMatchObject({ state: "ok" });
    expect(found["CUDA libraries"]?.found).toMatch(/^CUDA 12\.5\.1, cuDNN 9: 8 libraries in /);
    expect(found["NVIDIA driver"]?.state).toBe("ok");
    expect(found["NVIDIA driver"]?.found).toMatch(/^(535\.104\.05|580\.65\.06), .*libcuda\.so\.1$/);
    expect(found["GPU devices"]).toEqual({ name: "GPU devices", state: "ok", found: "/dev/nvidia0, /dev/nvidia1" });
  });

  test("names each missing CUDA library, where it searched, and the pip command", async () => {
    await using here = await gpuMachine("12.5.1", OPEN_MODULE, "libcudnn.so.9", "libcufft.so.11");
    const finding = (await findings(here))["CUDA libraries"];
    expect(finding).toMatchObject({
      state: "missing",
      fix: "pip install 'tensorflow[and-cuda]==2.21.0' in TensorFlow's environment, or add their folder to LD_LIBRARY_PATH",
    });
    expect(finding?.found).toMatch(/^CUDA 12\.5\.1, cuDNN 9 lacks libcufft\.so\.11, libcudnn\.so\.9; searched /);
    expect(finding?.found).toContain(join(here.folder, "site/nvidia/*/lib"));
    expect(finding?.found).toContain("ldconfig -p");
  });

  test("finds libraries by LD_LIBRARY_PATH, CUDA_HOME, and the loader's cache", async () => {
    await using here = await gpuMachine("12.5.1", OPEN_MODULE, "libcudnn.so.9", "libcufft.so.11", "libcudart.so.12");
    await here.file("one/libcudnn.so.9");
    await here.file("toolkit/lib64/libcufft.so.11");
    const environment = {
      ...here.environment,
      linkerCache: () => "2 libs found in cache\n\tlibcudart.so.12 (libc6,x86-64) => /opt/x/libcudart.so.12\n",
      variables: {
        ...here.environment.variables,
        LD_LIBRARY_PATH: `/nowhere:${join(here.folder, "one")}`,
        CUDA_HOME: join(here.folder, "toolkit"),
      },
    };
    expect((await findings({ environment }))["CUDA libraries"]).toMatchObject({ state: "ok" });
  });

  test.each([
    [
      "12.5.1",
      CLOSED_MODULE.replace("535.104.05", "525.60.11"),
      "525.60.11 is too old: CUDA 12.5.1 needs 525.60.13 or newer",
    ],
    [
      "12.5.1",
      CLOSED_MODULE.replace("535.104.05", "470.256.02"),
      "470.256.02 is too old: CUDA 12.5.1 needs 525.60.13 or newer",
    ],
    ["13.0.0", CLOSED_MODULE, "535.104.05 is too old: CUDA 13.0.0 needs 580 or newer"],
  ])("says that a driver is too old for CUDA %s", async (cuda, driver, expected) => {
    await using here = await gpuMachine(cuda, driver);
    const finding = (await findings(here))["NVIDIA driver"];
    expect(finding).toMatchObject({ state: "broken", found: expected });
    expect(finding?.fix).toMatch(/^Install NVIDIA's driver \S+ or newer/);
  });

  test.each([
    ["12.0", CLOSED_MODULE.replace("535.104.05", "525.60.13")],
    ["13.0.0", OPEN_MODULE],
  ])("takes the oldest driver that does for CUDA %s, or a newer one", async (cuda, driver) => {
    await using here = await gpuMachine(cuda, driver);
    expect((await findings(here))["NVIDIA driver"]?.state).toBe("ok");
  });

  test("reports a missing driver, user-mode library, and device", async () => {
    await using none = await gpuMachine("12.5.1", "", "nvidia/version", "libcuda.so.1", "nvidia0", "nvidia1");
    const found = await findings(none);
    expect(found["NVIDIA driver"]).toMatchObject({ state: "missing" });
    expect(found["NVIDIA driver"]?.found).toMatch(
      /^none: neither \/proc\/driver\/nvidia\/version nor libcuda\.so\.1 in /,
    );
    expect(found["GPU devices"]).toMatchObject({ state: "missing", fix: expect.stringContaining("--gpus all") });
    await using half = await gpuMachine("12.5.1", OPEN_MODULE, "libcuda.so.1");
    expect((await findings(half))["NVIDIA driver"]).toMatchObject({
      state: "missing",
      found: expect.stringMatching(/^580\.65\.06, but libcuda\.so\.1 is not in /),
    });
  });

  test("accepts the driver and device of WSL", async () => {
    await using here = await gpuMachine("12.5.1", "", "nvidia/version", "libcuda.so.1", "nvidia0", "nvidia1");
    await here.file("root/usr/lib/wsl/lib/libcuda.so.1");
    await here.file("root/dev/dxg");
    const found = await findings(here);
    expect(found["NVIDIA driver"]).toMatchObject({ state: "ok", found: expect.stringMatching(/^version unknown, /) });
    expect(found["GPU devices"]).toMatchObject({ state: "ok", found: "/dev/dxg" });
  });

  test("reads from build_info.py, or from the library, whether a TensorFlow that was not built yet wants CUDA", async () => {
    const cudaBuild = "build_info = [('cuda_version', '12.5.1'), ('cudnn_version', '9'), ('is_cuda_build', True)]";
    await using wheel = await machine({ variables: { MLAN_TENSORFLOW: "../site" } });
    await unpackedWheel(wheel, "site", { "tensorflow/python/platform/build_info.py": cudaBuild });
    expect((await findings(wheel))["CUDA libraries"]?.found).toMatch(
      /^CUDA 12\.5\.1, cuDNN 9 lacks libcudart\.so\.12,/,
    );
    await using archive = await machine({ variables: { MLAN_TENSORFLOW: "../site" } });
    await unpackedWheel(archive, "site", {
      "tensorflow/python/platform/build_info.py": undefined,
      // The word spans two of the chunks in which the library is read.
      "tensorflow/libtensorflow_cc.so.2": `${"-".repeat((1 << 22) - 3)}cudart${"-".repeat(100)}`,
    });
    expect((await findings(archive))["CUDA libraries"]?.found).toMatch(/^CUDA \(version unknown\)/);
  });

  test("suggests a CUDA build if there is a GPU and TensorFlow has no CUDA", async () => {
    await using here = await gpuMachine("12.5.1", OPEN_MODULE);
    await bindingFolder(here, "a", { cuda: null });
    expect((await findings(here))["CUDA libraries"]).toMatchObject({
      state: "unused",
      fix: "pip install 'tensorflow[and-cuda]', then npx mlan backend install tensorflow",
    });
  });
});
