import { readdir } from "node:fs/promises";
import { openPytorch } from "@mlan/pytorch-files";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import { checkpointResult } from "./read-tensors.ts";

/**
 * Opens the weights in a folder or a single file, as safetensors or PyTorch files. In a folder with both, opens those
 * that transformers would read. Throws `invalid-checkpoint`.
 */
export function openWeights(fileOrFolder: URL): Promise<SafetensorsReader> {
  return checkpointResult(async () =>
    (await isPytorch(fileOrFolder)) ? openPytorch(fileOrFolder) : openSafetensors(fileOrFolder),
  );
}

const SAFETENSORS = /^model\.safetensors(\.index\.json)?$/;
const PYTORCH_FILE = /^pytorch_model(-.*)?\.bin(\.index\.json)?$/;

async function isPytorch(fileOrFolder: URL): Promise<boolean> {
  // Anything but a folder is a file, or missing, which the reader reports.
  const names = await readdir(fileOrFolder).catch(() => undefined);
  if (!names) return /\.(bin|pt|pth)$/.test(fileOrFolder.pathname);
  return !names.some((name) => SAFETENSORS.test(name)) && names.some((name) => PYTORCH_FILE.test(name));
}
