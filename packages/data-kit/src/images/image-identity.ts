import type { ImageReference } from "@mlan/core";
import { createHash } from "node:crypto";
import type { StoredImage } from "./stored-image.ts";

/**
 * A key that equal images share: the SHA-256 of the bytes when rows were read with `identify`, otherwise the image's
 * name.
 */
export function imageIdentity(image: ImageReference): string {
  return "identity" in image && typeof image.identity === "string" ? image.identity : image.name;
}

/** A hash of the bytes, or the path when the cell has no bytes. */
export function identityOf({ bytes, path = "" }: StoredImage): string {
  return bytes ? createHash("sha256").update(bytes).digest("hex") : path;
}
