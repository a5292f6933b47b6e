import { installEnvironment } from "#internal/install/install-environment.ts";
import type { InstallEnvironment } from "@mlan/backend-tensorflow";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A machine made of folders. Of the real machine, only Node and tfjs-node-gpu are found. */
export interface Machine extends AsyncDisposable {
  readonly folder: string;
  readonly environment: InstallEnvironment;
  /** Writes a file at a path below the folder. Returns the whole path. */
  file(path: string, content?: string | Uint8Array): Promise<string>;
  /** Writes a shell script at a path below the folder. Returns the whole path. */
  program(path: string, script: string): Promise<string>;
}

export async function machine(
  changes: Partial<InstallEnvironment> & { readonly variables?: Readonly<Record<string, string>> } = {},
): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), "mlan-install-"));
  const file = async (path: string, content: string | Uint8Array = ""): Promise<string> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    return join(folder, path);
  };
  await Promise.all(["work", "home", "root", "bin"].map((name) => mkdir(join(folder, name))));
  return {
    folder,
    environment: {
      ...installEnvironment(),
      platform: "linux",
      architecture: "x64",
      workingFolder: join(folder, "work"),
      homeFolder: join(folder, "home"),
      systemRoot: join(folder, "root"),
      linkerCache: () => "",
      ...changes,
      variables: { PATH: join(folder, "bin"), MLAN_CACHE: join(folder, "cache"), ...changes.variables },
    },
    file,
    async program(path, script) {
      const written = await file(path, `#!/bin/sh\n${script}\n`);
      await chmod(written, 0o755);
      return written;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const HEADER = "tensorflow/c/eager/c_api.h";

/** Files as in a wheel of TensorFlow, with empty libraries. */
export const WHEEL_FILES: Readonly<Record<string, string>> = {
  "tensorflow/libtensorflow_cc.so.2": "library",
  "tensorflow/libtensorflow_framework.so.2": "framework",
  [`tensorflow/include/${HEADER}`]: "// header",
  "tensorflow/include/absl/log/globals.h": "// header",
  "tensorflow/include/Eigen/Core": "not needed",
  "tensorflow/python/platform/build_info.py": "build_info = [('is_cuda_build', False)]",
  "tensorflow/python/keras/layers.py": "not needed",
  "tensorflow_cpu-2.21.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: tensorflow_cpu\nVersion: 2.21.0\n\nText",
  "tensorflow_cpu-2.21.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_27_x86_64\n",
};

/** Writes these files, unpacked, below a folder of the machine. Returns the `tensorflow` folder. */
export async function unpackedWheel(
  { file, folder }: Machine,
  path: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  for (const [name, content] of Object.entries({ ...WHEEL_FILES, ...changes })) {
    if (content !== undefined) await file(`${path}/${name}`, content);
  }
  return join(folder, path, "tensorflow");
}

/** Returns a shell script that prints the location of TensorFlow, as Python would. */
export function pythonWith(...folders: readonly string[]): string {
  return `echo 'a greeting of sitecustomize'\necho '${JSON.stringify({ python: "3.12.1", folders })}'`;
}
