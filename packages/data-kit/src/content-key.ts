import { createHash } from "node:crypto";

/** Returns 16 hexadecimal digits of a string's hash, e.g. to name a cluster. */
export function contentKey(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
