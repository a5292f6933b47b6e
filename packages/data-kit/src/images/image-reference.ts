import { type ImageReference, MlanError, pathOf } from "@mlan/core";
import { readFile, realpath } from "node:fs/promises";
import { z } from "zod";

/** The schema of a column that holds an image, after {@link rowsFrom} has made a reference of it. */
export const imageColumn: z.ZodType<ImageReference> = z.custom<ImageReference>(isImageReference, "expected an image");

/** An image that is in memory already, as an encoded file (PNG, JPEG, ...). */
export function imageFromBytes(name: string, bytes: Uint8Array): ImageReference {
  return { name, read: () => Promise.resolve(bytes) };
}

/**
 * The image of that name below a folder. Throws an `invalid-data` error for a name that leads out of the folder;
 * reading throws one when the file is missing, or a symbolic link out of the folder.
 */
export function imageFromFile(folder: URL, name: string, speaker = "data-kit"): ImageReference {
  return imageFromFolders([folder], name, speaker);
}

/** As {@link imageFromFile}, from the first of several folders that has the file. */
export function imageFromFolders(folders: readonly URL[], name: string, speaker: string): ImageReference {
  checkImageName(name, speaker);
  return {
    name,
    async read() {
      for (const folder of folders) {
        const file = await insideOf(folder, name, speaker);
        if (file !== undefined) return readFile(file);
      }
      const places = folders.map(pathOf).join(" nor in ");
      const message = `${speaker}: there is no image "${name}" in ${places}; add it, or name the folder that has it.`;
      throw new MlanError("invalid-data", message);
    },
  };
}

/** Throws an `invalid-data` error for a name that is absolute or climbs with "..". */
export function checkImageName(name: string, speaker: string): void {
  const problem = imageNameProblem(name);
  if (problem !== undefined) throw new MlanError("invalid-data", `${speaker}: ${problem}.`);
}

/** Why an image of this name is not read; undefined for a name below the image folder. */
export function imageNameProblem(name: string): string | undefined {
  const climbs = name.split(/[/\\]/).includes("..");
  const absolute = /^([/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(name);
  if (name !== "" && !name.includes("\0") && !climbs && !absolute) return undefined;
  return `image "${name}" lies outside its folder, and only names below that are read`;
}

/** The file's real path; undefined when there is none. */
async function insideOf(folder: URL, name: string, speaker: string): Promise<string | undefined> {
  const url = new URL(name.split("/").map(encodeURIComponent).join("/"), folder);
  const [root, file] = await Promise.all([realpath(folder), realpath(url)].map((path) => path.catch(() => undefined)));
  if (root === undefined || file === undefined) return undefined;
  if (file.startsWith(root.endsWith("/") ? root : `${root}/`)) return file;
  const message = `${speaker}: image "${name}" is a link out of its folder (to ${file}); put the file itself there.`;
  throw new MlanError("invalid-data", message);
}

export function isImageReference(value: unknown): value is ImageReference {
  return typeof value === "object" && value !== null && "read" in value && typeof value.read === "function";
}
