import { createHash } from "node:crypto";

/** 16 hexadecimal digits that name a text: a cluster's name where the data gives none. */
export function contentKey(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
