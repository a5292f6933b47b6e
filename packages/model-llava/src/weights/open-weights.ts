import { readdir } from "node:fs/promises";
import { openPytorch } from "@mlan/pytorch-files";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import { checkpointResult } from "./read-tensors.ts";

/**
 * Opens a folder's weights, or one file of them, as safetensors or as PyTorch's own files: of a folder that holds both, the
 * ones that transformers would read. Throws `invalid-checkpoint`.
 */
export function openWeights(fileOrFolder: URL): Promise<SafetensorsReader> {
  return checkpointResult(async () =>
    (await isPytorch(fileOrFolder)) ? openPytorch(fileOrFolder) : openSafetensors(fileOrFolder),
  );
}

const SAFETENSORS = /^model\.safetensors(\.index\.json)?$/;
const PYTORCH_FILE = /^pytorch_model(-.*)?\.bin(\.index\.json)?$/;

async function isPytorch(fileOrFolder: URL): Promise<boolean> {
  // A path that is no folder is a file, or nothing, which is an error of the reader.
  const names = await readdir(fileOrFolder).catch(() => undefined);
  if (!names) return /\.(bin|pt|pth)$/.test(fileOrFolder.pathname);
  return !names.some((name) => SAFETENSORS.test(name)) && names.some((name) => PYTORCH_FILE.test(name));
}
