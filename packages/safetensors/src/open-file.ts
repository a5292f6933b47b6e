import { type FileHandle, open, stat } from "node:fs/promises";
import { pathOf, SafetensorsError } from "./errors.ts";

/** Opens a regular file for reading. Throws a {@link SafetensorsError} with the reason, whatever the path leads to. */
export async function openFile(file: URL): Promise<FileHandle> {
  try {
    // Looked at first: opening a pipe would wait for its writer.
    const found = await stat(file);
    if (found.isFile()) return await open(file);
    const kind = found.isDirectory() ? "is a folder" : "is no regular file";
    throw new SafetensorsError("missing", `${pathOf(file)} ${kind}; a *.safetensors file was expected.`);
  } catch (error) {
    throw SafetensorsError.is(error) ? error : cannotOpen(file, error);
  }
}

/** The error for a file or folder that the file system does not give. */
export function cannotOpen(file: URL, cause: unknown): SafetensorsError {
  return new SafetensorsError("missing", `${pathOf(file)} ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  switch (Object(cause).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist. Check the path and the download.";
    case "EACCES":
    case "EPERM":
      return "may not be read: permission denied. Change its permissions, or run as its owner.";
    case "EMFILE":
    case "ENFILE":
      return "cannot be opened: too many files are open. Raise the limit (`ulimit -n`).";
    default:
      return `cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

/** What a file that begins with these bytes is, as a message says it; undefined for what may be safetensors. */
export function foreignFormat(start: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(start).trimStart().toLowerCase();
  return FORMATS.find(({ mark }) => text.startsWith(mark))?.problem;
}

const FORMATS: readonly { readonly mark: string; readonly problem: string }[] = [
  { mark: "version https://git-lfs", problem: "is a Git LFS pointer, not the file. Fetch it with `git lfs pull`" },
  { mark: "<!doctype html", problem: "is a web page. Download the file itself" },
  { mark: "<html", problem: "is a web page. Download the file itself" },
  { mark: "pk\u0003\u0004", problem: "is a zip archive, as PyTorch's *.bin files are. Convert it to safetensors" },
  { mark: "gguf", problem: "is a GGUF file. Take the model as safetensors" },
];
