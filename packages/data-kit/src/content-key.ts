import { createHash } from "node:crypto";

/** Returns 16 hexadecimal digits of a text's hash, e.g. to name a cluster. */
export function contentKey(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
