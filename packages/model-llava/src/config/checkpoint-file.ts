import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { messageOf, MlanError, pathOf } from "@mlan/core";

/** The largest tokenizer.json of today's models has 35 MB. */
const LARGEST_FILE = 200_000_000;

/**
 * Reads one of the small files of a checkpoint. Throws an `invalid-checkpoint` error that says why it cannot be read: what
 * the folder holds instead, permissions, a pointer in the file's place.
 */
export async function readCheckpointFile(file: URL): Promise<Buffer> {
  const bytes = await readModest(file);
  if (bytes.subarray(0, LFS_MARK.length).toString() === LFS_MARK) {
    throw invalid(file, "is a Git LFS pointer, not the file. Fetch it with `git lfs pull`");
  }
  return bytes;
}

/** Whether there is such a file. Throws an `invalid-checkpoint` error when that cannot be found out. */
export async function fileExists(file: URL): Promise<boolean> {
  return (await statOf(file))?.isFile() ?? false;
}

/** Whether there is anything at that place. Throws an `invalid-checkpoint` error when that cannot be found out. */
export async function pathExists(path: URL): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

async function statOf(path: URL): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw invalid(path, reasonOf(error), error);
  }
}

const LFS_MARK = "version https://git-lfs";

async function readModest(file: URL): Promise<Buffer> {
  try {
    const found = await stat(file);
    // Looked at first: reading a pipe would wait for its writer.
    if (!found.isFile()) throw invalid(file, found.isDirectory() ? "is a folder, not a file" : "is no regular file");
    if (found.size > LARGEST_FILE) throw invalid(file, `has ${found.size} bytes, more than any file of its kind`);
    return await readFile(file);
  } catch (error) {
    if (MlanError.is(error)) throw error;
    throw isMissing(error) ? await missing(file, error) : invalid(file, reasonOf(error), error);
  }
}

async function missing(file: URL, cause: unknown): Promise<MlanError> {
  const folder = new URL("./", file);
  try {
    const names = await readdir(folder);
    const held = names.length === 0 ? "is empty" : `holds ${listed(names)}`;
    return invalid(file, `does not exist; its folder ${held}.${hintOf(names)}`.replace(/\.$/, ""), cause);
  } catch (error) {
    const problem = Object(error).code === "ENOTDIR" ? "is a file; give the folder that it is in" : "does not exist";
    return invalid(file, `cannot be read: ${pathOf(folder)} ${problem}`, cause);
  }
}

/** What folders that are no checkpoint in Hugging Face layout usually are. */
function hintOf(names: readonly string[]): string {
  if (names.includes("adapter_config.json")) {
    return " It is an adapter: merge it into its base model (PEFT's merge_and_unload) and give the merged folder.";
  }
  if (names.includes("snapshots")) return " It is a cache of the Hub: give the folder of one commit in snapshots.";
  if (names.includes("params.json")) return " It is Meta's own layout: take the model in the layout of Hugging Face.";
  return names.some((name) => name.endsWith(".gguf")) ? " GGUF files are not read: take the model as safetensors." : "";
}

function listed(names: readonly string[]): string {
  const rest = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `${names.toSorted().slice(0, 8).join(", ")}${rest}`;
}

function isMissing(error: unknown): boolean {
  return Object(error).code === "ENOENT" || Object(error).code === "ENOTDIR";
}

function reasonOf(error: unknown): string {
  const denied = Object(error).code === "EACCES" || Object(error).code === "EPERM";
  return `cannot be read: ${denied ? "permission denied. Change its permissions, or run as its owner" : messageOf(error)}`;
}

function invalid(file: URL, problem: string, cause?: unknown): MlanError {
  return new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)} ${problem}.`, { cause });
}
