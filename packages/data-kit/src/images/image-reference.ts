import { type ImageReference, messageOf, MlanError, pathOf, shownValue } from "@mlan/core";
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
        if (file !== undefined)
          return readFile(file).catch((cause: unknown) => Promise.reject(unreadable(speaker, file, cause)));
      }
      const places = folders.map(pathOf).join(" nor in ");
      const message = `${speaker}: there is no image ${shownValue(name)} in ${places}; add it, or name the folder that has it.`;
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
  const shown = `image ${shownValue(name)}`;
  if (/^https?:\/\//i.test(name)) return `${shown} is an address; download the file and name it below its folder`;
  if (name.includes("\0") || /\p{Surrogate}/u.test(name)) return `${shown} has a character that no file name has`;
  const climbs = name.split(/[/\\]/).includes("..");
  const absolute = /^([/\\]|[A-Za-z]:|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(name);
  if (name !== "" && !climbs && !absolute) return undefined;
  return `${shown} lies outside its folder, and only names below that are read`;
}

/** The file's real path; undefined when there is none. */
async function insideOf(folder: URL, name: string, speaker: string): Promise<string | undefined> {
  const url = new URL(name.split("/").map(encodeURIComponent).join("/"), folder);
  const [root, file] = await Promise.all(
    [folder, url].map((place) =>
      realpath(place).catch((cause: unknown) => {
        if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(Object(cause).code)) return undefined;
        throw unreadable(speaker, pathOf(place), cause);
      }),
    ),
  );
  if (root === undefined || file === undefined) return undefined;
  if (file.startsWith(root.endsWith("/") ? root : `${root}/`)) return file;
  const message = `${speaker}: image ${shownValue(name)} is a link out of its folder (to ${file}); put the file itself there.`;
  throw new MlanError("invalid-data", message);
}

function unreadable(speaker: string, path: string, cause: unknown): MlanError {
  const folder = Object(cause).code === "EISDIR";
  const reason = folder ? "it is a folder, not an image" : messageOf(cause);
  return new MlanError("invalid-data", `${speaker}: ${path} cannot be read (${reason}).`, { cause });
}

export function isImageReference(value: unknown): value is ImageReference {
  return typeof value === "object" && value !== null && "read" in value && typeof value.read === "function";
}
