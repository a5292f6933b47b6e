import { writeFile } from "node:fs/promises";
import type { TensorToWrite } from "@mlan/safetensors";
import { temporaryFolder } from "@mlan/testing";
import { onTestFinished } from "vitest";

let folder: URL | undefined;

/** Returns a file in a folder that is created for each test; "" is the folder itself. */
export function file(name = "model.safetensors"): URL {
  folder ??= folderOfTest();
  return new URL(name, folder);
}

function folderOfTest(): URL {
  onTestFinished(() => {
    folder = undefined;
  });
  return temporaryFolder();
}

export function tensor(name: string, values: readonly number[], dtype: TensorToWrite["dtype"] = "F32"): TensorToWrite {
  return {
    name,
    shape: [values.length],
    dtype,
    data: () => (dtype === "I32" ? Int32Array.from(values) : Float32Array.from(values)),
  };
}

/** Writes a file as an incorrect writer might. */
export async function writeRaw(header: unknown, data: Uint8Array): Promise<void> {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file(), Buffer.concat([length, text, data]));
}
