import type { Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { messageOf, MlanError, pathOf } from "@mlan/core";

/** Maximum size in bytes. The largest `tokenizer.json` known today has 35 MB. */
const LARGEST_FILE = 200_000_000;

/**
 * Reads a small file of a checkpoint. Throws `invalid-checkpoint` with the reason: a missing file (and the files that
 * the folder holds), missing permissions, or a Git LFS pointer.
 */
export async function readCheckpointFile(file: URL): Promise<Buffer> {
  const bytes = await readModest(file);
  if (bytes.subarray(0, LFS_MARK.length).toString() === LFS_MARK) {
    throw invalid(file, "is a Git LFS pointer, not the file. Fetch it with `git lfs pull`");
  }
  return bytes;
}

/** Throws `invalid-checkpoint` if the file's status cannot be read. */
export async function fileExists(file: URL): Promise<boolean> {
  return (await statOf(file))?.isFile() ?? false;
}

/** Returns whether anything exists at the path. Throws `invalid-checkpoint` if its status cannot be read. */
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
    // Checked first, because reading a named pipe would wait for a writer.
    if (!found.isFile()) throw invalid(file, found.isDirectory() ? "is a folder, not a file" : "is not a regular file");
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
    return invalid(file, `does not exist; its folder ${heldIn(names)}.${hintOf(names)}`.replace(/\.$/, ""), cause);
  } catch (error) {
    const problem = Object(error).code === "ENOTDIR" ? "is a file; give the folder that it is in" : "does not exist";
    return invalid(file, `cannot be read: ${pathOf(folder)} ${problem}`, cause);
  }
}

/** Returns a hint if the folder looks like a different kind of checkpoint; otherwise "". */
export function hintOf(names: readonly string[]): string {
  if (names.includes("snapshots")) return " It is a Hub cache: give the folder of one commit in snapshots.";
  if (names.includes("params.json")) return " It has Meta's layout: use the model in Hugging Face layout.";
  return names.some((name) => name.endsWith(".gguf"))
    ? " GGUF files are not supported: use the model as safetensors."
    : "";
}

/** Describes the contents of a folder with these file names, for messages. */
export function heldIn(names: readonly string[]): string {
  return names.length === 0 ? "is empty" : `holds ${listed(names)}`;
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
