import { messageOf } from "@mlan/errors";
import { type FileHandle, open, stat } from "node:fs/promises";
import { pathOf } from "@mlan/errors";
import type { WeightFormat } from "./weight-format.ts";

/** Opens a regular file for reading. Throws the format's error with the reason if it cannot be opened. */
export async function openFile(file: URL, format: WeightFormat): Promise<FileHandle> {
  try {
    // Checked first, because opening a named pipe would wait for its writer.
    const found = await stat(file);
    if (found.isFile()) return await open(file);
    const kind = found.isDirectory() ? "is a folder" : "is not a regular file";
    throw new format.error("missing", `${pathOf(file)} ${kind}; a ${format.fileKind} was expected.`);
  } catch (error) {
    throw format.error.is(error) ? error : cannotOpen(file, error, format);
  }
}

export function cannotOpen(file: URL, cause: unknown, format: WeightFormat): Error {
  return new format.error("missing", `${pathOf(file)} ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  switch (Object(cause).code) {
    case "ENOENT":
    case "ENOTDIR":
      return "does not exist. Check the path and the download.";
    case "EACCES":
    case "EPERM":
      return "cannot be read: permission denied. Change its permissions, or run as its owner.";
    case "EMFILE":
    case "ENFILE":
      return "cannot be opened: too many files are open. Raise the limit (`ulimit -n`).";
    default:
      return `cannot be opened: ${messageOf(cause)}.`;
  }
}

/** Fills `bytes` from the file, starting at `position`. Throws the error of `ended` if the file is too short. */
export async function readBytes(
  handle: FileHandle,
  { bytes, position }: { readonly bytes: Uint8Array; readonly position: number },
  ended: () => Error,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // One read call takes at most 2 GiB on Linux, so a large tensor takes several.
    const length = Math.min(bytes.length - done, 1 << 30);
    const { bytesRead } = await handle.read(bytes, done, length, position + done);
    if (bytesRead === 0) throw ended();
    done += bytesRead;
  }
}

/** Describes, for messages, a file that begins with these bytes and cannot be weights; undefined if it can be. */
export function foreignFormat(start: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(start).trimStart().toLowerCase();
  return FORMATS.find(({ mark }) => text.startsWith(mark))?.problem;
}

const FORMATS: readonly { readonly mark: string; readonly problem: string }[] = [
  { mark: "version https://git-lfs", problem: "is a Git LFS pointer, not the file. Fetch it with `git lfs pull`" },
  { mark: "<!doctype html", problem: "is a web page. Download the file itself" },
  { mark: "<html", problem: "is a web page. Download the file itself" },
  { mark: "gguf", problem: "is a GGUF file. Use the model's safetensors files" },
];
