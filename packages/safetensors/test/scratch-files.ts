import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { TensorToWrite } from "@mlan/safetensors";
import { afterEach, beforeEach } from "vitest";

let folder: URL;
beforeEach(async () => {
  folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "safetensors-"))}/`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A file in a folder that is made for each test; "" is the folder itself. */
export function file(name = "model.safetensors"): URL {
  return new URL(name, folder);
}

export function tensor(name: string, values: readonly number[], dtype: TensorToWrite["dtype"] = "F32"): TensorToWrite {
  return {
    name,
    shape: [values.length],
    dtype,
    data: () => (dtype === "I32" ? Int32Array.from(values) : Float32Array.from(values)),
  };
}
