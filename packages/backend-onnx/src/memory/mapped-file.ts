import { closeSync, fstatSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { messageOf } from "@mlan/errors";
import { BackendError } from "../backend-error.ts";
import type { Storage } from "../graph/graph.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { mapStorage, type FileElementType } from "./file-storage.ts";

export interface FilePart {
  readonly file: string | URL;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/**
 * Maps part of a file as an array of `shape`. Throws {@link BackendError} "invalid-options" if the file is missing or
 * too short.
 */
export function openMapped(
  runtime: OrtRuntime,
  { file, byteOffset, byteLength }: FilePart,
  shape: readonly number[],
  type: FileElementType,
): Storage {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (cause) {
    throw invalidFile(file, "it cannot be opened for reading. Check its path and permissions", cause);
  }
  try {
    const { size } = fstatSync(descriptor);
    if (byteOffset + byteLength > size) {
      throw invalidFile(
        file,
        `shape [${shape.join()}] from byte ${byteOffset} ends at byte ${byteOffset + byteLength}, but the file has ` +
          `${size} bytes. Check byteOffset and shape`,
      );
    }
    return mapStorage(runtime, { descriptor, byteOffset, byteLength }, shape, type);
  } catch (cause) {
    if (BackendError.is(cause)) throw cause;
    throw invalidFile(file, `${messageOf(cause)}. Read it with tf.tensor`, cause);
  } finally {
    closeSync(descriptor);
  }
}

/** Returns the error for a file that cannot be mapped. `reason` ends with the remedy. */
export function invalidFile(file: string | URL, reason: string, cause?: unknown): BackendError {
  return new BackendError("invalid-options", `cannot map ${shownPath(file)}: ${reason}.`, { cause });
}

function shownPath(file: string | URL): string {
  try {
    return typeof file === "string" ? file : fileURLToPath(file);
  } catch {
    return String(file);
  }
}
