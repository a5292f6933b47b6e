import type { ImageReference } from "@mlan/core";
import { createHash } from "node:crypto";

/** What equal images share: the SHA-256 of the bytes where rows were read with `identify`, else the image's name. */
export function imageIdentity(image: ImageReference): string {
  return "identity" in image && typeof image.identity === "string" ? image.identity : image.name;
}

/** Looks at the cells of a column one after the other; null for a row that has no image. */
export async function identities(
  count: number,
  cell: (index: number) => Promise<unknown>,
): Promise<readonly (string | null)[]> {
  const found: (string | null)[] = [];
  for (let index = 0; index < count; index++) found.push(identityOf(await cell(index)));
  return found;
}

function identityOf(value: unknown): string | null {
  const { bytes, path }: { bytes?: unknown; path?: unknown } =
    value instanceof Uint8Array ? { bytes: value } : Object(value);
  if (bytes instanceof Uint8Array) return createHash("sha256").update(bytes).digest("hex");
  return typeof path === "string" ? path : null;
}
