import { type ImageReference, type Location, toFileUrl, toFolderUrl } from "@mlan/core";
import type { Files } from "../files/file-source.ts";
import { imageArchive } from "./image-archive.ts";
import { imageFromFolders } from "./image-reference.ts";

/** Images by the name that rows give them. */
export interface ImageStore {
  /** Throws an `invalid-data` error for a name that leads out of the store. */
  image(name: string): ImageReference;
}

/** Where the images of a dataset are when its rows only name them. */
export interface ImagePlaces {
  /** A folder, or a zip archive, that the user named. */
  readonly at?: Location;
  /** The archive that is published beside the rows. */
  readonly archive?: string;
}

/** The user's place; else the published archive; else the folder `images/` beside the rows, then the rows' own. */
export async function findImages(speaker: string, files: Files, { at, archive }: ImagePlaces): Promise<ImageStore> {
  if (at) return isZip(at) ? imageArchive(speaker, toFileUrl(at)) : folders(speaker, [toFolderUrl(at)]);
  const published = archive === undefined ? [] : await files.match(archive);
  if (published[0] !== undefined) return imageArchive(speaker, await files.local(published[0]));
  return folders(speaker, [new URL("images/", files.folder), files.folder]);
}

function folders(speaker: string, places: readonly URL[]): ImageStore {
  return { image: (name) => imageFromFolders(places, name, speaker) };
}

function isZip(at: Location): boolean {
  return toFileUrl(at).pathname.toLowerCase().endsWith(".zip");
}
