import { type ImageReference, type Location, messageOf, MlanError, pathOf, toFileUrl, toFolderUrl } from "@mlan/core";
import { stat } from "node:fs/promises";
import type { Files } from "../files/file-source.ts";
import { imageArchive } from "./image-archive.ts";
import { imageFromFolders } from "./image-reference.ts";

/** Images by the names used in rows. */
export interface ImageStore {
  /** Returns the image with this name. Throws `invalid-data` for a name outside the store. */
  image(name: string): ImageReference;
}

/** Where to find images that rows refer to by name. */
export interface ImagePlaces {
  /** A folder or a zip archive that the user chose. */
  readonly at?: Location;
  /** The archive that was published with the rows. */
  readonly archive?: string;
}

/**
 * Returns the images at the first of these locations: the one that the user chose, the published archive, or the folder
 * `images/` in the folder of the rows together with that folder itself. Throws `invalid-data` when the location that
 * the user chose does not exist.
 */
export async function findImages(errorPrefix: string, files: Files, { at, archive }: ImagePlaces): Promise<ImageStore> {
  if (at) return storeAt(errorPrefix, at);
  const published = archive === undefined ? [] : await files.match(archive);
  if (published[0] !== undefined) return imageArchive(errorPrefix, await files.local(published[0]));
  return folders(errorPrefix, [new URL("images/", files.folder), files.folder]);
}

async function storeAt(errorPrefix: string, at: Location): Promise<ImageStore> {
  try {
    const status = await stat(toFileUrl(at));
    return status.isDirectory() ? folders(errorPrefix, [toFolderUrl(at)]) : imageArchive(errorPrefix, toFileUrl(at));
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const message = `${errorPrefix}: images cannot be read from ${pathOf(toFileUrl(at))} (${messageOf(cause)}); give a folder or a zip archive that exists.`;
    throw new MlanError("invalid-data", message, { cause });
  }
}

function folders(errorPrefix: string, places: readonly URL[]): ImageStore {
  return { image: (name) => imageFromFolders(places, name, errorPrefix) };
}
