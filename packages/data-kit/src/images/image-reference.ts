import { type ImageReference, messageOf, MlanError, pathOf, shownValue, stampOf } from "@mlan/core";
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { checkImageName, MOST_IMAGE_BYTES, spellings } from "./image-name.ts";

/**
 * The schema of a column that holds an image. {@link rowsFrom} converts the column to an image reference before it
 * checks the row.
 */
export const imageColumn: z.ZodType<ImageReference> = z.custom<ImageReference>(isImageReference, "expected an image");

/** Creates an image from the bytes of an encoded file (PNG, JPEG, ...). */
export function imageFromBytes(name: string, bytes: Uint8Array): ImageReference {
  const digest = (): string => createHash("sha256").update(bytes).digest("hex");
  return { name, read: () => Promise.resolve(bytes), find: () => Promise.resolve({ stamp: "", digest: digest() }) };
}

/**
 * Returns the image with this name in a folder. Throws `invalid-data` for a name outside the folder. Reading throws
 * `invalid-data` when the file is missing, is not a regular file, or is a symbolic link to a place outside the folder.
 */
export function imageFromFile(folder: URL, name: string, errorPrefix = "data-kit"): ImageReference {
  return imageFromFolders([folder], name, errorPrefix);
}

/** Like {@link imageFromFile}, for the first of several folders that has the file. */
export function imageFromFolders(folders: readonly URL[], name: string, errorPrefix: string): ImageReference {
  checkImageName(name, errorPrefix);
  const find = async (): Promise<FoundFile> => {
    for (const folder of folders) {
      for (const spelling of spellings(name)) {
        const found = await findBelow(folder, spelling, errorPrefix);
        if (found) return found;
      }
    }
    const places = folders.map(pathOf).join(" nor in ");
    const message = `${errorPrefix}: there is no image ${shownValue(name)} in ${places}; add it, or give the folder that has it.`;
    throw new MlanError("invalid-data", message);
  };
  return {
    name,
    async read() {
      const { path } = await find();
      return readFile(path).catch((cause: unknown) => Promise.reject(unreadable(errorPrefix, path, cause)));
    },
    async find() {
      const { path } = await find();
      return { stamp: await stampOf(pathToFileURL(path)), file: path };
    },
  };
}

export function isImageReference(value: unknown): value is ImageReference {
  return typeof value === "object" && value !== null && "read" in value && typeof value.read === "function";
}

interface FoundFile {
  /** The path with symbolic links resolved. */
  readonly path: string;
}

/**
 * Finds a file below the folder. Undefined if there is none. Throws for anything except a regular file inside the
 * folder.
 */
async function findBelow(folder: URL, name: string, errorPrefix: string): Promise<FoundFile | undefined> {
  const place = join(fileURLToPath(folder), name);
  const found = await lookAt(folder, place).catch((cause: unknown) =>
    Promise.reject(unreadable(errorPrefix, place, cause)),
  );
  if (!found) return undefined;
  const { root, path, status } = found;
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    const message = `${errorPrefix}: image ${shownValue(name)} is a link out of its folder (to ${path}); put the file itself into the folder.`;
    throw new MlanError("invalid-data", message);
  }
  const problem = problemOf(status);
  if (problem !== undefined) throw unreadable(errorPrefix, path, problem);
  return { path };
}

async function lookAt(folder: URL, place: string) {
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(place)]);
    return { root, path, status: await stat(path) };
  } catch (cause) {
    const { code } = Object(cause);
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(code)) return undefined;
    throw cause;
  }
}

function unreadable(errorPrefix: string, path: string, cause: unknown): MlanError {
  return new MlanError("invalid-data", `${errorPrefix}: ${path} cannot be read (${messageOf(cause)}).`, { cause });
}

function problemOf(status: Stats): string | undefined {
  if (status.isDirectory()) return "it is a folder, not an image";
  if (!status.isFile()) return "it is not a regular file";
  const size = `it has ${status.size} bytes, and images may have up to ${MOST_IMAGE_BYTES}`;
  return status.size > MOST_IMAGE_BYTES ? size : undefined;
}
