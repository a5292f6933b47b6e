import type { ImageReference } from "@mlan/core";
import { createHash } from "node:crypto";
import type { ImageContent } from "./image-content.ts";

/** What equal images share: the SHA-256 of the bytes where rows were read with `identify`, else the image's name. */
export function imageIdentity(image: ImageReference): string {
  return "identity" in image && typeof image.identity === "string" ? image.identity : image.name;
}

/** Equal for equal bytes; the name where the image is only named. */
export function identityOf({ bytes, path = "" }: ImageContent): string {
  return bytes ? createHash("sha256").update(bytes).digest("hex") : path;
}
