import type { ImageReference } from "@mlan/core";
import { createHash } from "node:crypto";
import type { StoredImage } from "./stored-image.ts";

/**
 * Returns a key that equal images share: the SHA-256 of the bytes if rows were read with `identify`, otherwise the
 * image's name.
 */
export function imageIdentity(image: ImageReference): string {
  return "identity" in image && typeof image.identity === "string" ? image.identity : image.name;
}

/** Returns a hash of the image's bytes, or the image's path if no bytes are stored. */
export function identityOf({ bytes, path = "" }: StoredImage): string {
  return bytes ? createHash("sha256").update(bytes).digest("hex") : path;
}
