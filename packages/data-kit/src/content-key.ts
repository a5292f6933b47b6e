import { createHash } from "node:crypto";

/** Returns 16 hexadecimal digits that identify a text, e.g. as the name of a cluster if the data has none. */
export function contentKey(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
