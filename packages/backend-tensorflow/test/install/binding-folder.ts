import { join } from "node:path";
import type { Machine } from "./machine.ts";

/**
 * Writes the files that an install leaves in the cache, with an addon without machine code. Returns the addon's path.
 */
export async function bindingFolder(
  { file, folder }: Machine,
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const library = await file("site/tensorflow/libtensorflow_cc.so.2");
  const record = {
    formatVersion: 1,
    bindingVersion: "4.22.0",
    tensorFlowVersion: "2.21.0",
    distribution: "tensorflow",
    libraryFolder: join(folder, "site/tensorflow"),
    libraries: [library],
    platform: "linux",
    architecture: "x64",
    compiler: "g++: g++ 12",
    built: "2026-01-02T03:04:05.000Z",
    cuda: null,
    ...changes,
  };
  await file(`cache/tensorflow/bindings/${name}/binding.json`, JSON.stringify(record));
  return file(`cache/tensorflow/bindings/${name}/tfjs_binding.node`, "no machine code");
}
