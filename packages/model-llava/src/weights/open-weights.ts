import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { openPytorch } from "@mlan/pytorch-files";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import { heldIn, hintOf } from "../config/checkpoint-file.ts";
import { checkpointResult } from "./read-tensors.ts";

/**
 * Opens the weights in a folder or a single file, as safetensors or PyTorch files. In a folder with both, prefers the
 * files that transformers prefers. Throws `invalid-checkpoint` for files that are missing or cannot be read.
 */
export function openWeights(fileOrFolder: URL): Promise<SafetensorsReader> {
  return checkpointResult(async () =>
    (await isPytorch(fileOrFolder)) ? openPytorch(fileOrFolder) : openSafetensors(fileOrFolder),
  );
}

const SAFETENSORS = /^model\.safetensors(\.index\.json)?$/;
const PYTORCH_FILE = /^pytorch_model(-.*)?\.bin(\.index\.json)?$/;

/** Returns whether a file is the index of a sharded checkpoint. The reader of the index throws for a missing shard. */
function isIndex(name: string): boolean {
  return name.endsWith(".index.json");
}

/** Matches the file that LLaVA's first stage saves; see `openProjector`. */
export const PROJECTOR_FILE: RegExp = /^mm_projector\.(bin|pt|safetensors)$/;

async function isPytorch(fileOrFolder: URL): Promise<boolean> {
  // Anything that is not a folder is a file or missing; its reader reports a missing file.
  const names = await readdir(fileOrFolder).catch(() => undefined);
  if (!names) return /\.(bin|pt|pth)$/.test(fileOrFolder.pathname);
  const weights = names.filter((name) => /\.(safetensors|bin|pt|pth)$/.test(name));
  const projector = weights.find((name) => PROJECTOR_FILE.test(name));
  if (projector !== undefined && weights.length === 1) {
    throw new MlanError(
      "invalid-checkpoint",
      `${pathOf(fileOrFolder)} holds the projector of LLaVA's first stage (${projector}) without its backbone. Copy it into the ` +
        "backbone's folder, and give that.",
    );
  }
  if (!weights.some((name) => name.endsWith(".safetensors") || PYTORCH_FILE.test(name)) && !names.some(isIndex)) {
    throw new MlanError(
      "invalid-checkpoint",
      `${pathOf(fileOrFolder)} has no weights, neither model.safetensors nor pytorch_model.bin nor their shards: it ${heldIn(names)}.` +
        (hintOf(names) || " Download the weights into it."),
    );
  }
  return !names.some((name) => SAFETENSORS.test(name)) && names.some((name) => PYTORCH_FILE.test(name));
}
