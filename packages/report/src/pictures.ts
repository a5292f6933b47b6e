import { open, type FileHandle } from "node:fs/promises";
import { messageOf } from "@mlan/core";
import type { ImageView } from "@mlan/run-view";
import type { PictureData } from "./page-data.ts";

/** Reads the images that a page contains, up to a number of bytes. */
export interface Pictures {
  /** Raises the limit by this many bytes. */
  allow(bytes: number): void;
  /** Never throws: an image that cannot be shown says why. */
  read(image: ImageView): Promise<PictureData>;
}

/** Kinds of images by their first bytes. SVG is missing on purpose: it is markup. */
const KINDS: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[^]{4}WEBP/],
  ["image/bmp", /^BM/],
];

export function createPictures(): Pictures {
  let left = 0;
  return {
    allow: (bytes) => void (left += bytes),
    async read({ name, file, isMissing }) {
      if (isMissing) return { name, missing: "the file is no longer there" };
      if (file === undefined) return { name, missing: "the image is inside a data file, and the run did not keep it" };
      let handle: FileHandle | undefined;
      try {
        handle = await open(file);
        const { size } = await handle.stat();
        if (size > left) return { name, missing: `${file} is not included, to keep this page small` };
        const bytes = await handle.readFile();
        const start = bytes.subarray(0, 16).toString("latin1");
        const [type] = KINDS.find(([, pattern]) => pattern.test(start)) ?? [];
        if (type === undefined) return { name, missing: `${file} is not a PNG, JPEG, GIF, WebP or BMP image` };
        left -= bytes.length;
        return { name, uri: `data:${type};base64,${bytes.toString("base64")}` };
      } catch (error) {
        const isGone = Object(error).code === "ENOENT";
        return { name, missing: isGone ? `${file} is no longer there` : `${file} cannot be read: ${messageOf(error)}` };
      } finally {
        await handle?.close();
      }
    },
  };
}
