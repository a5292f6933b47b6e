import { createHash } from "node:crypto";

/** SHA-256 of a value's JSON as 64 hexadecimal digits, at once. Keys count in the order in which they stand. */
export function fingerprintNow(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
