import { open, type FileHandle } from "node:fs/promises";
import { messageOf } from "@mlan/core";
import type { ImageView } from "@mlan/run-view";
import type { PictureData } from "./page-data.ts";

/** Reads the images of a page until their total size reaches a limit, which is 0 until `allow` raises it. */
export interface Pictures {
  /** Raises the limit by this many bytes. */
  allow(bytes: number): void;
  /** Reads an image. Never throws: if the image cannot be shown, `missing` of the result contains the reason. */
  read(image: ImageView): Promise<PictureData>;
}

/** Image types by the first bytes of a file. SVG is excluded because it is markup. */
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
